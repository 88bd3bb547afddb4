//! POSIX ACLs as text: `u::rw-,u:1000:r--,g::r--,m::r--,o::---`.
//!
//! The kernel keeps them in the attributes `system.posix_acl_access` and
//! `system.posix_acl_default`: a version, and then a tag, permissions and an id
//! for each entry (`acl(5)`, `linux/posix_acl_xattr.h`).

use super::{Failed, Ran, RunError, Runner, with_at};
use crate::op::YesNo;
use crate::op::bytes::Bytes;
use crate::op::outcome::{Field, Outcome, Value};
use crate::op::place::At;
use crate::{Errno, Error, Follow, XattrFlags};

const VERSION: u32 = 2;
const NO_ID: u32 = u32::MAX;

/// Tags by the letter that stands for them, without and with an id.
static TAGS: &[(u8, bool, u16)] = &[
    (b'u', false, 0x01),
    (b'u', true, 0x02),
    (b'g', false, 0x04),
    (b'g', true, 0x08),
    (b'm', false, 0x10),
    (b'o', false, 0x20),
];

impl Runner {
    pub(super) fn getfacl(&self, at: &At<'_>, default: YesNo) -> Ran {
        let value = with_at(self, at, |at| match crate::getxattr(at, attribute(default), Follow::Yes) {
            // A file whose mode says all has no ACL.
            Err(Error::Os(Errno::NODATA)) => Ok(VERSION.to_le_bytes().to_vec()),
            other => other,
        })?;
        let entries = value.get(4..).unwrap_or_default().as_chunks().0.iter().map(print_entry).collect();
        Ok(Outcome::ok(vec![Field { name: "acl", value: Value::List(entries) }]))
    }

    pub(super) fn setfacl(&self, at: &At<'_>, acl: &[Bytes<'_>], default: YesNo) -> Ran {
        if acl.is_empty() {
            with_at(self, at, |at| crate::removexattr(at, attribute(default), Follow::Yes))?;
            return Ok(Outcome::OK);
        }
        let mut value = VERSION.to_le_bytes().to_vec();
        for entry in acl {
            value.extend_from_slice(&parse_entry(&entry.resolve())?);
        }
        with_at(self, at, |at| crate::setxattr(at, attribute(default), &value, XattrFlags::empty(), Follow::Yes))?;
        Ok(Outcome::OK)
    }
}

fn attribute(default: YesNo) -> &'static str {
    match default {
        YesNo::Yes => "system.posix_acl_default",
        YesNo::No => "system.posix_acl_access",
    }
}

fn print_entry(entry: &[u8; 8]) -> Vec<u8> {
    let half = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
    let (tag, permissions) = (half(0), half(2));
    let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
    let letter = TAGS.iter().find(|(_, _, known)| *known == tag).map_or(b'?', |(letter, _, _)| *letter);
    let id = if id == NO_ID { String::new() } else { id.to_string() };
    let permission = |bit: u16, letter: char| if permissions & bit != 0 { letter } else { '-' };
    let letter = char::from(letter);
    let (r, w, x) = (permission(4, 'r'), permission(2, 'w'), permission(1, 'x'));
    format!("{letter}:{id}:{r}{w}{x}").into_bytes()
}

fn parse_entry(entry: &[u8]) -> Result<[u8; 8], Failed> {
    let refused = || {
        let entry = String::from_utf8_lossy(entry);
        Failed::from(RunError::Refused(format!("`{entry}` is not an entry of an ACL: write u:1000:rw- or g::r--")))
    };
    let mut parts = entry.split(|byte| *byte == b':');
    let (Some([letter]), Some(id), Some(permissions), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(refused());
    };
    let tag = TAGS.iter().find(|(known, has_id, _)| known == letter && *has_id != id.is_empty());
    let (_, has_id, tag) = tag.ok_or_else(refused)?;
    let id = match has_id {
        true => std::str::from_utf8(id).ok().and_then(|id| id.parse().ok()).ok_or_else(refused)?,
        false => NO_ID,
    };
    let mut bits = 0_u16;
    for (byte, (letter, bit)) in permissions.iter().zip([(b'r', 4), (b'w', 2), (b'x', 1)]) {
        match byte {
            b'-' => {}
            byte if *byte == letter => bits |= bit,
            _ => return Err(refused()),
        }
    }
    if permissions.len() != 3 {
        return Err(refused());
    }
    let mut bytes = [0; 8];
    bytes[..2].copy_from_slice(&tag.to_le_bytes());
    bytes[2..4].copy_from_slice(&bits.to_le_bytes());
    bytes[4..].copy_from_slice(&id.to_le_bytes());
    Ok(bytes)
}
