//! Risk of an event: harm × growth × lack of an answer.

use otklik_domain::{EventTotals, Risk, Severity};
use serde::{Deserialize, Serialize};

/// Seconds after which the quick and the slow pulse have faded to a third.
const QUICK_SECONDS: f32 = 3.0 * 3600.0;
const SLOW_SECONDS: f32 = 36.0 * 3600.0;
/// Voices at which harm by number has come two thirds of its way.
const MANY_AUTHORS: f32 = 12.0;
/// Posts in quick succession at which growth has come two thirds of its way.
const MANY_POSTS: f32 = 6.0;

/// How fast posts come: two fading sums, one quick and one slow.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Pulse {
    quick: f32,
    slow: f32,
    at: u32,
}

impl Pulse {
    /// Counts a post.
    pub(crate) fn beat(&mut self, at: u32) {
        let passed = at.saturating_sub(self.at) as f32;
        self.quick = self.quick * (-passed / QUICK_SECONDS).exp() + 1.0;
        self.slow = self.slow * (-passed / SLOW_SECONDS).exp() + 1.0;
        self.at = self.at.max(at);
    }

    /// 0..1: many posts now, and more than there used to be.
    fn growth(self) -> f32 {
        let many = 1.0 - (-self.quick / MANY_POSTS).exp();
        // Posts an hour now against posts an hour over the longer time.
        let (now, usual) = (self.quick / QUICK_SECONDS, self.slow / SLOW_SECONDS);
        many * now / (now + usual)
    }

    /// Adds the beats of another event that was joined to this one.
    pub(crate) fn merge(&mut self, other: Self) {
        let (late, early) = if self.at >= other.at { (*self, other) } else { (other, *self) };
        let passed = (late.at - early.at) as f32;
        self.quick = late.quick + early.quick * (-passed / QUICK_SECONDS).exp();
        self.slow = late.slow + early.slow * (-passed / SLOW_SECONDS).exp();
        self.at = late.at;
    }

    /// The risk of an event nobody has answered yet; who knows of an answer lowers its last part.
    pub(crate) fn risk(self, severity: Severity, totals: &EventTotals, danger: bool) -> Risk {
        let touched = 1.0 - (-(totals.authors as f32) / MANY_AUTHORS).exp();
        let bad = f32::from(severity.level()) / 5.0;
        let harm = bad * (0.4 + 0.6 * touched);
        Risk { harm: if danger { harm.max(0.6) } else { harm }, growth: self.growth(), unanswered: 1.0 }
    }
}
