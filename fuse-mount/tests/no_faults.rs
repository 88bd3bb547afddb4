//! The program has nothing of the planted faults unless it is built for them.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![cfg(not(feature = "planted-faults"))]

#[test]
fn the_program_has_no_planted_fault() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_fuse-mount")).unwrap();
    let has = |text: &str| program.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("SOURCE MOUNTPOINT"), "texts can be found in the program");
    for text in ["OSPREY_PLANTED_FAULT", "owner-is-the-daemon"] {
        assert!(!has(text), "{text}");
    }
}
