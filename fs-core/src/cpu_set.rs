//! A set of CPUs, of any size.

use std::ffi::c_ulong;
use std::fmt;

const BITS: usize = c_ulong::BITS as usize;

/// A set of CPUs, by number from 0: what [`sched_getaffinity`](crate::sched_getaffinity)
/// answers. It holds as many as a kernel has, where `cpu_set_t` ends at 1024.
#[derive(Clone, Default)]
pub struct CpuSet {
    /// A bit for each CPU, as the kernel has them.
    words: Vec<c_ulong>,
}

impl CpuSet {
    pub(crate) fn from_words(words: Vec<c_ulong>) -> Self {
        CpuSet { words }
    }

    pub(crate) fn words(&self) -> &[c_ulong] {
        &self.words
    }

    /// Adds a CPU.
    pub fn insert(&mut self, cpu: usize) {
        let word = cpu / BITS;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (cpu % BITS);
    }

    /// Whether a CPU is in the set.
    pub fn contains(&self, cpu: usize) -> bool {
        self.words.get(cpu / BITS).is_some_and(|word| word & (1 << (cpu % BITS)) != 0)
    }

    /// How many CPUs are in the set.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the CPUs, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.words.len() * BITS).filter(|cpu| self.contains(*cpu))
    }
}

impl PartialEq for CpuSet {
    /// Room for more CPUs makes no difference.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for CpuSet {}

impl FromIterator<usize> for CpuSet {
    fn from_iter<T: IntoIterator<Item = usize>>(cpus: T) -> Self {
        let mut set = CpuSet::default();
        for cpu in cpus {
            set.insert(cpu);
        }
        set
    }
}

impl fmt::Debug for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_cpus_beyond_those_of_the_c_librarys_set() {
        let set: CpuSet = [5000, 0, 63, 64].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 5000]);
        assert!(set.contains(5000) && !set.contains(5001) && !set.contains(1_000_000));
        assert_eq!((set.len(), format!("{set:?}").as_str()), (4, "{0, 63, 64, 5000}"));
    }

    #[test]
    fn is_equal_whatever_room_there_is() {
        assert_eq!(CpuSet::from_words(vec![1, 0, 0]), CpuSet::from_words(vec![1]));
        assert_ne!(CpuSet::from_words(vec![1, 1]), CpuSet::from_words(vec![1]));
        assert!(CpuSet::from_words(vec![0, 0]).is_empty());
    }
}
