//! Linear support vector machines with squared hinge loss by dual coordinate descent.
//!
//! The method of Hsieh et al., "A Dual Coordinate Descent Method for Large-scale Linear SVM" (ICML 2008), one label
//! against all others, with shrinking: samples far on the right side of the margin are left out until the end.

use super::features::Features;

/// Rounds over the samples at most.
const ROUNDS_MAX: usize = 60;
/// Largest violation at which training ends.
const TOLERANCE: f32 = 0.1;

/// Weights of one label and its bias.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plane {
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: f32,
}

/// What one label is trained on.
pub(crate) struct Task<'a> {
    /// The samples.
    pub(crate) samples: &'a [Features],
    /// Which of them have the label.
    pub(crate) positive: &'a [bool],
    /// Number of features.
    pub(crate) features: usize,
    /// Cost of an error on a sample with the label.
    pub(crate) cost_positive: f32,
    /// Cost of an error on one without.
    pub(crate) cost_negative: f32,
}

/// Trains one label.
pub(crate) fn train(task: &Task<'_>, mut seed: u64) -> Plane {
    let mut plane = Plane { weights: vec![0.0; task.features], bias: 0.0 };
    let mut alphas = vec![0.0_f32; task.samples.len()];
    // The bias is the weight of a feature that every sample has with value 1.
    let squares: Vec<f32> =
        task.samples.iter().map(|sample| sample.iter().map(|(_, value)| value * value).sum::<f32>() + 1.0).collect();
    let mut active: Vec<u32> = (0..task.samples.len() as u32).collect();
    let mut bound = f32::INFINITY;
    for _ in 0..ROUNDS_MAX {
        shuffle(&mut active, &mut seed);
        let (mut highest, mut lowest) = (f32::NEG_INFINITY, f32::INFINITY);
        active.retain(|&index| {
            let index = index as usize;
            let (Some(sample), Some(&positive), Some(alpha), Some(&square)) =
                (task.samples.get(index), task.positive.get(index), alphas.get_mut(index), squares.get(index))
            else {
                return false;
            };
            let (sign, cost) = if positive { (1.0, task.cost_positive) } else { (-1.0, task.cost_negative) };
            let diagonal = 0.5 / cost;
            let gradient = sign * margin(&plane, sample) - 1.0 + diagonal * *alpha;
            if *alpha == 0.0 && gradient > bound {
                return false;
            }
            let projected = if *alpha == 0.0 { gradient.min(0.0) } else { gradient };
            highest = highest.max(projected);
            lowest = lowest.min(projected);
            if projected.abs() > 1e-6 {
                let before = *alpha;
                *alpha = (before - gradient / (square + diagonal)).max(0.0);
                add(&mut plane, sample, (*alpha - before) * sign);
            }
            true
        });
        if highest - lowest <= TOLERANCE {
            if active.len() == task.samples.len() {
                break;
            }
            // What was left out gets a last look.
            active = (0..task.samples.len() as u32).collect();
            bound = f32::INFINITY;
        } else {
            bound = if highest > 0.0 { highest } else { f32::INFINITY };
        }
    }
    plane
}

/// How far on the label's side a sample lies.
pub(crate) fn margin(plane: &Plane, sample: &Features) -> f32 {
    let weighted =
        sample.iter().map(|&(row, value)| plane.weights.get(row as usize).copied().unwrap_or_default() * value);
    weighted.sum::<f32>() + plane.bias
}

fn add(plane: &mut Plane, sample: &Features, factor: f32) {
    for &(row, value) in sample {
        if let Some(weight) = plane.weights.get_mut(row as usize) {
            *weight += value * factor;
        }
    }
    plane.bias += factor;
}

/// The next number of a splitmix64 sequence.
pub(crate) fn next_random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

pub(crate) fn shuffle<T>(items: &mut [T], seed: &mut u64) {
    for last in (1..items.len()).rev() {
        let other = (next_random(seed) % (last as u64 + 1)) as usize;
        items.swap(last, other);
    }
}
