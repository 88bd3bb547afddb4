//! POSIX ACLs as the kernel takes them: `u:1000:rw-` as the bytes of an attribute
//! (`acl(5)`, `linux/posix_acl_xattr.h`).

use fs_core::op::{Bytes, YesNo};

/// The attribute that holds the ACL.
pub(super) fn attribute(default: YesNo) -> &'static str {
    match default {
        YesNo::Yes => "system.posix_acl_default",
        YesNo::No => "system.posix_acl_access",
    }
}

/// The attribute's value.
///
/// # Errors
/// Names the entry that is none.
pub(super) fn encode(acl: &[Bytes<'_>]) -> Result<Vec<u8>, String> {
    let mut value = 2_u32.to_le_bytes().to_vec();
    for entry in acl {
        let text = String::from_utf8_lossy(&entry.resolve()).into_owned();
        value.extend(encode_entry(&text).ok_or_else(|| format!("`{text}` is not an entry of an ACL"))?);
    }
    Ok(value)
}

fn encode_entry(entry: &str) -> Option<Vec<u8>> {
    let [letter, id, permissions] = entry.split(':').collect::<Vec<_>>().try_into().ok()?;
    let tag: u16 = match (letter, id.is_empty()) {
        ("u", true) => 0x01,
        ("u", false) => 0x02,
        ("g", true) => 0x04,
        ("g", false) => 0x08,
        ("m", true) => 0x10,
        ("o", true) => 0x20,
        _ => return None,
    };
    let id: u32 = if id.is_empty() { u32::MAX } else { id.parse().ok()? };
    let bits = [('r', 4_u16), ('w', 2), ('x', 1)].iter().filter(|(letter, _)| permissions.contains(*letter));
    let bits: u16 = bits.map(|(_, bit)| bit).sum();
    Some([&tag.to_le_bytes()[..], &bits.to_le_bytes(), &id.to_le_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_eight_bytes_behind_a_version() {
        let value = encode(&[Bytes::literal(b"u:65502:r-x")]).unwrap();
        assert_eq!(value, [2, 0, 0, 0, 2, 0, 5, 0, 0xde, 0xff, 0, 0]);
        assert!(encode(&[Bytes::literal(b"x::rwx")]).is_err());
    }
}
