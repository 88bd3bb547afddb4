//! The comparer `line`: inputs that are kept, and a moment of random ones.

use fuzz::{line, random};

#[test]
fn kept_inputs_read_back() {
    fuzz::kept::replay("line", line::check);
}

#[test]
fn random_lines_read_back() {
    random::run("line", line::check);
}
