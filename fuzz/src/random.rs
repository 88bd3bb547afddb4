//! Random inputs, for a comparer that runs without a fuzzer.

use std::time::{Duration, Instant, SystemTime};

/// The variable of the environment that holds the seed to run with.
pub const SEED: &str = "FUZZ_SEED";

/// The variable of the environment that says for how many milliseconds to run.
pub const DURATION: &str = "FUZZ_MS";

/// Runs `check` on random inputs for a moment (`FUZZ_MS` milliseconds, or one second), and
/// prints how many and from which seed.
///
/// # Panics
/// At the first input that `check` refuses: with the seed, the input and the report.
pub fn run(name: &str, check: impl FnMut(&[u8]) -> Result<(), String>) {
    let from_env = |name| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = from_env(SEED).unwrap_or(since_epoch.as_nanos() as u64);
    let duration = Duration::from_millis(from_env(DURATION).unwrap_or(1000));
    let count = run_with(name, seed, duration, check);
    println!("{name}: {count} inputs in {duration:?}, {SEED}={seed}");
}

fn run_with(name: &str, seed: u64, duration: Duration, mut check: impl FnMut(&[u8]) -> Result<(), String>) -> u64 {
    let mut random = Random::new(seed);
    let deadline = Instant::now() + duration;
    let mut count = 0;
    while Instant::now() < deadline {
        let input = random.input();
        if let Err(report) = check(&input) {
            panic!("{name}: input {count} of {SEED}={seed}:\n{}\n{report}", hex(&input));
        }
        count += 1;
    }
    count
}

/// The bytes as hexadecimal digits, for `xxd -r -p`.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SplitMix64 sequence of a seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// An input: short ones more often than long ones.
    pub fn input(&mut self) -> Vec<u8> {
        let longest = 8 << (self.number() % 6);
        let length = self.number() % longest;
        (0..length).map(|_| self.number() as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "input 3 of FUZZ_SEED=7")]
    fn a_refused_input_is_told_with_its_seed() {
        let mut left = 3;
        run_with("test", 7, Duration::from_secs(60), |_| {
            left -= 1;
            if left < 0 { Err("refused".to_owned()) } else { Ok(()) }
        });
    }

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        let (mut one, mut two) = (Random::new(5), Random::new(5));
        for _ in 0..100 {
            assert_eq!(one.input(), two.input());
        }
    }
}
