//! Extended attributes.

use std::os::unix::ffi::OsStringExt;

use fs_core::XattrFlags;

use super::args::{Answer, Stop, bind, bits_or, bytes, follow, needed, path, target};
use crate::parse::Call;
use crate::value::Value;

pub(super) fn call(name: &str, call: &mut Call) -> Option<Answer> {
    Some(match name {
        "getxattr" => getxattr(call),
        "setxattr" => setxattr(call),
        "listxattr" => listxattr(call),
        "removexattr" => removexattr(call),
        _ => return None,
    })
}

fn getxattr(call: &mut Call) -> Answer {
    let [file, name, links] = bind(call, ["path", "attribute", "follow_symlinks"])?;
    Ok(Value::Bytes(fs_core::getxattr(target(&file, &None)?, path(needed(&name)?)?, follow(&links))?))
}

fn setxattr(call: &mut Call) -> Answer {
    let [file, name, value, flags, links] = bind(call, ["path", "attribute", "value", "flags", "follow_symlinks"])?;
    let flags = XattrFlags::from_bits_retain(bits_or(&flags, 0)?);
    let value = bytes(needed(&value)?)?;
    fs_core::setxattr(target(&file, &None)?, path(needed(&name)?)?, value, flags, follow(&links))?;
    Ok(Value::None)
}

fn listxattr(call: &mut Call) -> Answer {
    let [file, links] = bind(call, ["path", "follow_symlinks"])?;
    if matches!(file, None | Some(Value::None)) {
        return Err(Stop::Unwritable("the working directory is to be named"));
    }
    let names = fs_core::listxattr(target(&file, &None)?, follow(&links))?;
    let mut names: Vec<_> = names.into_iter().map(OsStringExt::into_vec).collect();
    names.sort();
    Ok(Value::List(names.into_iter().map(Value::Bytes).collect()))
}

fn removexattr(call: &mut Call) -> Answer {
    let [file, name, links] = bind(call, ["path", "attribute", "follow_symlinks"])?;
    fs_core::removexattr(target(&file, &None)?, path(needed(&name)?)?, follow(&links))?;
    Ok(Value::None)
}
