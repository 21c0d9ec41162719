//! Files of trained models: see `sealed::content` for what an input is.
#![no_main]

use std::sync::{Arc, LazyLock};

use otklik_fuzz::{
    dictionaries::OURS,
    sealed::{content, opened, seal},
};
use otklik_text::{Model, Predictor, Sample, TrainOptions, train};

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let samples = [
        Sample { text: "яма на дороге", label: "roads" },
        Sample { text: "яма на дороге опять", label: "roads" },
        Sample { text: "нет воды", label: "water" },
        Sample { text: "нет воды опять", label: "water" },
    ];
    let model = train(&samples, &OURS, TrainOptions::default()).expect("a model");
    opened(&model.to_bytes()).to_vec()
});

// What takes long is made before the first input: its time is not an input's.
libfuzzer_sys::fuzz_target!(init: { LazyLock::force(&WHOLE); }, |input: &[u8]| {
    let content = content(input, &WHOLE);
    let sum = content
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash: u64, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    let bytes = seal(b"OTKLIKM2", sum, &content);
    let Ok(model) = Model::from_bytes(&bytes) else { return };
    assert!(model.to_bytes() == bytes, "what was read is what is written");
    let labels = model.labels().to_vec();
    let scored = Predictor::new(Arc::new(model), OURS.clone()).predict("опять нет воды, яма на дороге");
    for one in scored {
        assert!(labels.iter().any(|label| *label == one.label) && !one.score.is_nan());
    }
});
