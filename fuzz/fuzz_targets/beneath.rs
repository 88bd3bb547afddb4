//! Paths in the gallery, opened by single steps and by the kernel.
#![no_main]

use std::cell::OnceCell;

use fuzz::beneath::Gallery;

thread_local! {
    static GALLERY: OnceCell<Gallery> = const { OnceCell::new() };
}

libfuzzer_sys::fuzz_target!(init: fuzz::jail::leave_on_panic(), |input: &[u8]| {
    GALLERY.with(|gallery| {
        let gallery = gallery.get_or_init(|| Gallery::new().expect("this target needs root"));
        if let Err(report) = gallery.check(input) {
            panic!("{report}");
        }
    });
});
