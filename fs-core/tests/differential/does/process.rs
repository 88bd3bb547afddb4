//! What the process brings to every call, and numbers that need no call.

use fs_core::OsFnSet;

use super::args::{Answer, Stop, at, bind, fd, mode_or, needed, number, target};
use crate::parse::Call;
use crate::value::Value;

pub(super) fn call(name: &str, call: &mut Call) -> Option<Answer> {
    Some(match name {
        "chdir" => chdir(call),
        "fchdir" => fchdir(call),
        "chroot" => chroot(call),
        "getcwd" => getcwd(call),
        "getcwdb" => getcwdb(call),
        "umask" => umask(call),
        "major" | "minor" => part_of_device(name, call),
        "makedev" => makedev(call),
        "constant" => constant(call),
        "supports" => supports(call),
        "lchmod" | "chflags" | "lchflags" => Err(fs_core::Error::Unsupported(fs_core::Unsupported::Bsd).into()),
        _ => return None,
    })
}

fn chdir(call: &mut Call) -> Answer {
    let [path] = bind(call, ["path"])?;
    fs_core::chdir(target(&path, &None)?)?;
    Ok(Value::None)
}

fn fchdir(call: &mut Call) -> Answer {
    let [file] = bind(call, ["fd"])?;
    fs_core::fchdir(fd(needed(&file)?)?)?;
    Ok(Value::None)
}

fn chroot(call: &mut Call) -> Answer {
    let [path] = bind(call, ["path"])?;
    fs_core::chroot(at(&path, &None)?)?;
    Ok(Value::None)
}

fn getcwd(call: &mut Call) -> Answer {
    let [] = bind(call, [])?;
    Ok(Value::Bytes(fs_core::getcwd()?.into_os_string().into_encoded_bytes()))
}

fn getcwdb(call: &mut Call) -> Answer {
    let [] = bind(call, [])?;
    Ok(Value::Bytes(fs_core::getcwdb()?))
}

fn umask(call: &mut Call) -> Answer {
    let [mask] = bind(call, ["mask"])?;
    needed(&mask)?;
    Ok(Value::Int(fs_core::umask(mode_or(&mask, 0)?).bits().into()))
}

fn part_of_device(name: &str, call: &mut Call) -> Answer {
    let [device] = bind(call, ["device"])?;
    let device = number(needed(&device)?)?;
    let part = if name == "major" { fs_core::major(device) } else { fs_core::minor(device) };
    Ok(Value::Int(part.into()))
}

fn makedev(call: &mut Call) -> Answer {
    let [major, minor] = bind(call, ["major", "minor"])?;
    let part = |value: &Option<Value>| -> Answer<u32> { Ok(number::<i32>(needed(value)?)?.cast_unsigned()) };
    Ok(Value::Int(fs_core::makedev(part(&major)?, part(&minor)?).into()))
}

fn name_of(call: &mut Call) -> Answer<String> {
    let [name] = bind(call, ["name"])?;
    match needed(&name)? {
        Value::Str(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        _ => Err(Stop::Unwritable("not a name")),
    }
}

fn constant(call: &mut Call) -> Answer {
    // A name that is not there is an attribute that is not there.
    fs_core::constant(&name_of(call)?)
        .map(|value| Value::Int(value.into()))
        .map_err(|_| Stop::Unwritable("there is no such constant"))
}

fn supports(call: &mut Call) -> Answer {
    let set = match name_of(call)?.as_str() {
        "dir_fd" => fs_core::supports_dir_fd(),
        "fd" => fs_core::supports_fd(),
        "follow_symlinks" => fs_core::supports_follow_symlinks(),
        "effective_ids" => fs_core::supports_effective_ids(),
        _ => return Err(Stop::Unwritable("no such set")),
    };
    let mut names: Vec<_> = set.iter_names().map(|(name, _): (_, OsFnSet)| name.to_ascii_lowercase()).collect();
    names.sort();
    Ok(Value::Words(names.join(" ")))
}
