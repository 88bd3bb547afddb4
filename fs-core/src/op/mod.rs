//! The operation language: an operation is a value ([`Op`]), what came back is a
//! value ([`Outcome`]), what is wanted is a value ([`Want`]), and one line of text
//! says all three.
pub mod errno;
