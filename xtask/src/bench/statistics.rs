//! Medians and their intervals, without assuming any distribution.

/// The middle of some numbers, and an interval that holds the true middle with 95 % confidence.
#[derive(Debug, Clone, Copy)]
pub struct Median {
    /// The middle.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// The median of `numbers`; the interval is between order statistics (the normal approximation of the binomial
/// distribution with p = ½: n/2 ± 0.98·√n).
pub fn median(numbers: &[f64]) -> Median {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let at = |position: f64| {
        let last = sorted.len().saturating_sub(1);
        sorted.get((position.max(0.0) as usize).min(last)).copied().unwrap_or(f64::NAN)
    };
    let spread = 0.98 * count.sqrt();
    Median {
        value: at(count / 2.0),
        low: at((count / 2.0 - spread).floor()),
        high: at((count / 2.0 + spread).ceil()),
    }
}

/// The ratio of each pair.
pub fn ratios(numbers: &[f64], base: &[f64]) -> Vec<f64> {
    numbers.iter().zip(base).map(|(number, base)| number / base).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_middle() {
        let numbers: Vec<f64> = (1..=101).rev().map(f64::from).collect();
        let found = median(&numbers);
        assert_eq!(found.value, 51.0);
        assert!(found.low < 51.0 && found.low > 35.0, "{found:?}");
        assert!(found.high > 51.0 && found.high < 67.0, "{found:?}");
    }

    #[test]
    fn ratios_are_of_pairs() {
        assert_eq!(ratios(&[2.0, 9.0], &[1.0, 3.0]), [2.0, 3.0]);
    }
}
