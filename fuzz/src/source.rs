//! [`Source`]: choices made of the bytes of an input.

/// The bytes of an input, as a source of choices. At the end of the bytes all choices
/// are the first one, so that every input means something.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    bytes: &'a [u8],
}

impl<'a> Source<'a> {
    /// The choices that `bytes` stand for.
    pub fn new(bytes: &'a [u8]) -> Self {
        Source { bytes }
    }

    /// Whether nothing is left to choose by.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// The next `count` bytes, or as many as are left.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    /// A number below `limit`, which is at most 256.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    /// One time in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        // The end of the bytes is not the rare case.
        self.below(times) == times - 1
    }

    /// One of `choices`.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_bytes_is_the_first_choice() {
        let mut source = Source::new(&[1, 7]);
        assert_eq!(source.pick(&["a", "b"]), "b");
        assert_eq!(source.take(5), [7]);
        assert!(source.is_empty());
        assert_eq!(source.pick(&["a", "b"]), "a");
        assert!(!source.one_in(3));
    }
}
