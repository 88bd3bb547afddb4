//! What a panic says: one line, loud enough to be reported.
//!
//! A panic in a node operation is caught and answered with `EIO`. One outside of them, in the
//! decoding of a request, ends its thread: [`super::servers`] sees to what follows.

use super::say::say;

/// From now on each panic of the process is printed on one line.
pub(super) fn print_on_one_line() {
    std::panic::set_hook(Box::new(|info| say(format_args!("internal error, please report it: {info}"))));
}
