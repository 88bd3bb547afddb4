//! Makes cases: each function with each kind of path and descriptor, in each form, and
//! with numbers that are too large, too small and just right.

mod descriptors;
mod numbers;
mod paths;
mod system;

use crate::list::Case;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = paths::reading();
    cases.extend(paths::changing());
    cases.extend(paths::pairs());
    cases.extend(descriptors::cases());
    cases.extend(numbers::cases());
    cases.extend(system::cases());
    cases
}
