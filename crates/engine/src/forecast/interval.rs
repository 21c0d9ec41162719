//! The shortest interval of a negative binomial that comes nearest to 80 %.

/// The share of outcomes that should lie in the interval.
const SHARE: f64 = 0.8;
/// Outcomes less likely than the likeliest by this are left out.
const LEAST: f64 = 1e-7;
/// Largest mean that is told apart.
const MEAN_MAX: f64 = 1e5;
/// Outcomes looked at on either side of the likeliest.
const STEPS_MAX: usize = 1 << 20;

/// The median, and the least and greatest number in the interval. `spread` is the square of the rate's relative error:
/// the variance is mean + spread × mean².
pub(super) fn interval(mean: f64, spread: f64) -> (u32, u32, u32) {
    let mean = if mean.is_finite() { mean.clamp(1e-6, MEAN_MAX) } else { 1e-6 };
    let shape = 1.0 / spread.clamp(1e-6, 20.0);
    let odds = mean / (mean + shape);
    let mode = (odds * (shape - 1.0) / (1.0 - odds)).floor().max(0.0);
    // How likely each number is against the likeliest, outwards from it.
    let up = (0..STEPS_MAX).scan(1.0, |weight, step| {
        let number = mode + step as f64;
        *weight *= odds * (number + shape) / (number + 1.0);
        (*weight > LEAST).then_some(*weight)
    });
    let down = (0..STEPS_MAX.min(mode as usize)).scan(1.0, |weight, step| {
        let number = mode - step as f64;
        *weight *= number / (odds * (number - 1.0 + shape));
        (*weight > LEAST).then_some(*weight)
    });
    let (up, down): (Vec<f64>, Vec<f64>) = (up.collect(), down.collect());
    let total = 1.0 + up.iter().sum::<f64>() + down.iter().sum::<f64>();
    let (mut below, mut above, mut inside) = (0, 0, 1.0);
    loop {
        let lower = down.get(below).copied().unwrap_or(0.0);
        let higher = up.get(above).copied().unwrap_or(0.0);
        let next = lower.max(higher);
        // One more must bring it nearer.
        if next == 0.0 || (inside + next / 2.0) / total > SHARE {
            break;
        }
        inside += next;
        if lower >= higher {
            below += 1;
        } else {
            above += 1;
        }
    }
    let mode = mode as u32;
    (median(mode, &up, &down, total), mode - below as u32, mode + above as u32)
}

fn median(mode: u32, up: &[f64], down: &[f64], total: f64) -> u32 {
    let least = mode - down.len() as u32;
    let upwards = down.iter().rev().chain(std::iter::once(&1.0)).chain(up);
    let mut sum = 0.0;
    let passed = upwards.take_while(|&&weight| {
        sum += weight;
        sum < total / 2.0
    });
    least + passed.count() as u32
}
