//! Making, moving and removing names.

use fs_core::PathArg;

use super::args::{Answer, at, bind, bits_or, follow, mode_or, needed, number_or, path, truth};
use crate::parse::Call;
use crate::value::Value;

const SRC_DST: [&str; 4] = ["src", "dst", "src_dir_fd", "dst_dir_fd"];
const PATH_DIR: [&str; 2] = ["path", "dir_fd"];

pub(super) fn call(name: &str, call: &mut Call) -> Option<Answer> {
    Some(match name {
        "rename" => two(call, |src, dst| fs_core::rename(src, dst)),
        "replace" => two(call, |src, dst| fs_core::replace(src, dst)),
        "link" => link(call),
        "symlink" => symlink(call),
        "readlink" => readlink(call),
        "unlink" => one(call, |at| fs_core::unlink(at)),
        "remove" => one(call, |at| fs_core::remove(at)),
        "rmdir" => one(call, |at| fs_core::rmdir(at)),
        "mkdir" => mkdir(call),
        "mkfifo" => mkfifo(call),
        "mknod" => mknod(call),
        "makedirs" => makedirs(call),
        "removedirs" => removedirs(call),
        "renames" => renames(call),
        _ => return None,
    })
}

fn one(call: &mut Call, make: impl Fn(fs_core::At<'_>) -> fs_core::Result<()>) -> Answer {
    let [path, dir] = bind(call, PATH_DIR)?;
    make(at(&path, &dir)?)?;
    Ok(Value::None)
}

fn two(call: &mut Call, make: impl Fn(fs_core::At<'_>, fs_core::At<'_>) -> fs_core::Result<()>) -> Answer {
    let [src, dst, src_dir, dst_dir] = bind(call, SRC_DST)?;
    make(at(&src, &src_dir)?, at(&dst, &dst_dir)?)?;
    Ok(Value::None)
}

fn link(call: &mut Call) -> Answer {
    let [src, dst, src_dir, dst_dir, links] =
        bind(call, ["src", "dst", "src_dir_fd", "dst_dir_fd", "follow_symlinks"])?;
    fs_core::link(at(&src, &src_dir)?, at(&dst, &dst_dir)?, follow(&links))?;
    Ok(Value::None)
}

fn symlink(call: &mut Call) -> Answer {
    let [src, dst, _is_directory, dir] = bind(call, ["src", "dst", "target_is_directory", "dir_fd"])?;
    fs_core::symlink(path(needed(&src)?)?, at(&dst, &dir)?)?;
    Ok(Value::None)
}

fn readlink(call: &mut Call) -> Answer {
    let [path, dir] = bind(call, PATH_DIR)?;
    let text = fs_core::readlink(at(&path, &dir)?)?;
    let mut buf = [0; 4096];
    let length = fs_core::readlink_into(at(&path, &dir)?, &mut buf)?;
    assert_eq!(PathArg::from(&text).as_bytes(), &buf[..length], "the two forms agree");
    Ok(Value::Bytes(buf[..length].to_vec()))
}

fn mkdir(call: &mut Call) -> Answer {
    let [path, mode, dir] = bind(call, ["path", "mode", "dir_fd"])?;
    fs_core::mkdir(at(&path, &dir)?, mode_or(&mode, 0o777)?)?;
    Ok(Value::None)
}

fn mkfifo(call: &mut Call) -> Answer {
    let [path, mode, dir] = bind(call, ["path", "mode", "dir_fd"])?;
    fs_core::mkfifo(at(&path, &dir)?, mode_or(&mode, 0o666)?)?;
    Ok(Value::None)
}

fn mknod(call: &mut Call) -> Answer {
    let [path, mode, device, dir] = bind(call, ["path", "mode", "device", "dir_fd"])?;
    fs_core::mknod(at(&path, &dir)?, bits_or(&mode, 0o600)?, number_or(&device, 0)?)?;
    Ok(Value::None)
}

fn makedirs(call: &mut Call) -> Answer {
    let [name, mode, exist_ok] = bind(call, ["name", "mode", "exist_ok"])?;
    fs_core::makedirs(at(&name, &None)?, mode_or(&mode, 0o777)?, truth(&exist_ok, false))?;
    Ok(Value::None)
}

fn removedirs(call: &mut Call) -> Answer {
    let [name] = bind(call, ["name"])?;
    fs_core::removedirs(at(&name, &None)?)?;
    Ok(Value::None)
}

fn renames(call: &mut Call) -> Answer {
    let [old, new] = bind(call, ["old", "new"])?;
    fs_core::renames(at(&old, &None)?, at(&new, &None)?)?;
    Ok(Value::None)
}
