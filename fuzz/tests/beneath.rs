//! The comparers `beneath` and `beneath_twins`: inputs and lines that are kept, and a
//! moment of random ones.

use fuzz::beneath::Gallery;
use fuzz::beneath::twins::Twins;
use fuzz::{kept, random};

#[test]
fn kept_paths_lead_to_the_same_place() {
    match Gallery::new() {
        Ok(gallery) => kept::replay("beneath", |input| gallery.check(input)),
        Err(reason) => reason.skip(),
    }
}

#[test]
fn random_paths_lead_to_the_same_place() {
    match Gallery::new() {
        Ok(gallery) => random::run("beneath", |input| gallery.check(input)),
        Err(reason) => reason.skip(),
    }
}

#[test]
fn kept_sequences_change_both_trees_alike() {
    match Twins::new() {
        Ok(twins) => {
            kept::replay("beneath_twins", |input| twins.check(input));
            kept::replay_lines("beneath", |lines| twins.check_lines(lines));
        }
        Err(reason) => reason.skip(),
    }
}

#[test]
fn random_sequences_change_both_trees_alike() {
    match Twins::new() {
        Ok(twins) => random::run("beneath_twins", |input| twins.check(input)),
        Err(reason) => reason.skip(),
    }
}
