//! Sequences that change two trees, of which one is opened by single steps and the
//! other by the kernel.
#![no_main]

use std::cell::OnceCell;

use fuzz::beneath::twins::Twins;

thread_local! {
    static TWINS: OnceCell<Twins> = const { OnceCell::new() };
}

libfuzzer_sys::fuzz_target!(init: fuzz::jail::leave_on_panic(), |input: &[u8]| {
    TWINS.with(|twins| {
        let twins = twins.get_or_init(|| Twins::new().expect("this target needs root"));
        if let Err(report) = twins.check(input) {
            panic!("{report}");
        }
    });
});
