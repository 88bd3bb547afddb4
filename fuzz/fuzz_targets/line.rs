//! Lines of the operation language read back as they were printed.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Err(report) = fuzz::line::check(input) {
        panic!("{report}");
    }
});
