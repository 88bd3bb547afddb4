//! Paths that lead somewhere, nearly somewhere, and out.

use fs_core::op::Bytes;

use crate::source::Source;

/// The most components of a path.
const COMPONENTS: usize = 12;

/// A path of `names` and of what is hard about paths.
pub(super) fn choose<'a>(source: &mut Source<'a>, names: &[&'a [u8]]) -> Bytes<'a> {
    let mut path = Vec::new();
    let shape = source.byte();
    if shape & 7 == 7 {
        path.push(b'/');
    }
    for index in 0..1 + source.below(COMPONENTS) {
        if index > 0 {
            path.extend_from_slice(if source.one_in(16) { b"//" } else { b"/" });
        }
        component(source, names, &mut path);
    }
    if shape & 0x38 == 0x38 {
        path.push(b'/');
    }
    // NUL is refused before any call.
    path.retain(|byte| *byte != 0);
    if shape & 0xc0 == 0xc0 && source.one_in(16) {
        path = lengthen(path, 4094 + source.below(4));
    }
    Bytes::Literal(path.into())
}

fn component<'a>(source: &mut Source<'a>, names: &[&'a [u8]], path: &mut Vec<u8>) {
    match source.below(16) {
        0 | 1 => path.extend_from_slice(b".."),
        2 => path.push(b'.'),
        3 => {
            let length = source.below(5);
            path.extend_from_slice(source.take(length));
        }
        4 => path.extend(std::iter::repeat_n(b'n', 254 + source.below(3))),
        5 => path.extend_from_slice(b"..."),
        _ => path.extend_from_slice(source.pick(names)),
    }
}

/// The same path with `./` before it, so often that it has `length` bytes. A path of
/// the other parity gets a `/` more behind a `.`.
fn lengthen(path: Vec<u8>, length: usize) -> Vec<u8> {
    if path.first() == Some(&b'/') || path.len() + 1 >= length {
        return path;
    }
    let missing = length - path.len();
    let start: &[u8] = if missing % 2 == 1 { b".//" } else { b"./" };
    let dots = (missing - start.len()) / 2;
    [start, &b"./".repeat(dots), &path].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lengthened_path_has_the_length_and_the_end() {
        for length in 4094..4098 {
            for path in [&b"a"[..], b"ab", b"../f"] {
                let long = lengthen(path.to_vec(), length);
                assert_eq!(long.len(), length);
                assert!(long.ends_with(path));
                assert!(long.starts_with(b"./"));
            }
        }
        assert_eq!(lengthen(b"/a".to_vec(), 4095), b"/a");
    }

    #[test]
    fn no_path_has_a_nul() {
        let mut random = crate::random::Random::new(3);
        let mut long = 0;
        for _ in 0..2000 {
            let input = random.input();
            let path = choose(&mut Source::new(&input), &[b"a", b"b"]).resolve().into_owned();
            assert!(!path.contains(&0));
            long += usize::from(path.len() > 4000);
        }
        assert!(long > 10, "{long}");
    }
}
