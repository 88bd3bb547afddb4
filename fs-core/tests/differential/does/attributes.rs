//! Status, permissions, owners and times; limits of files and file systems.

use fs_core::{Access, AccessOptions, ConfName, Gid, StatResult, StatVfs, Times, Uid};

use super::args::{Answer, Stop, at, bind, fd, follow, mode_or, needed, number, target, truth};
use crate::parse::Call;
use crate::value::{Value, moment};

pub(super) fn call(name: &str, call: &mut Call) -> Option<Answer> {
    Some(match name {
        "stat" => stat(call),
        "lstat" => lstat(call),
        "fstat" => fstat(call),
        "access" => access(call),
        "chmod" => chmod(call),
        "fchmod" => fchmod(call),
        "chown" => chown(call),
        "fchown" => fchown(call),
        "lchown" => lchown(call),
        "utime" => utime(call),
        "statvfs" | "fstatvfs" => statvfs(name, call),
        "pathconf" | "fpathconf" => pathconf(name, call),
        "pathconf_names" => Ok(pathconf_names()),
        _ => return None,
    })
}

fn stat(call: &mut Call) -> Answer {
    let [path, dir, links] = bind(call, ["path", "dir_fd", "follow_symlinks"])?;
    Ok(Value::Words(stat_text(&fs_core::stat(target(&path, &dir)?, follow(&links))?)))
}

fn lstat(call: &mut Call) -> Answer {
    let [path, dir] = bind(call, ["path", "dir_fd"])?;
    Ok(Value::Words(stat_text(&fs_core::lstat(at(&path, &dir)?)?)))
}

fn fstat(call: &mut Call) -> Answer {
    let [file] = bind(call, ["fd"])?;
    Ok(Value::Words(stat_text(&fs_core::fstat(fd(needed(&file)?)?)?)))
}

/// As the oracle writes it: without what no two runs agree on.
pub(super) fn stat_text(stat: &StatResult) -> String {
    let tuple = stat.as_tuple();
    let times = |ns: i128, seconds: f64, index: usize| match moment(ns).as_str() {
        "now" => "now".to_owned(),
        _ => format!("{ns}/{}/{}", Value::Float(seconds).text(), tuple[index]),
    };
    let is_dir = stat.file_type() == fs_core::FileType::Directory;
    let size = if is_dir { "dir".to_owned() } else { stat.st_size().to_string() };
    format!(
        "stat(mode={:o} nlink={} uid={} gid={} size={size} rdev={} blksize={} atime={} mtime={} tuple=({}, {}, {}, {}))",
        stat.st_mode(),
        stat.st_nlink(),
        stat.st_uid(),
        stat.st_gid(),
        stat.st_rdev(),
        stat.st_blksize(),
        times(stat.st_atime_ns(), stat.st_atime(), 7),
        times(stat.st_mtime_ns(), stat.st_mtime(), 8),
        tuple[0],
        tuple[3],
        tuple[4],
        tuple[5],
    )
}

fn access(call: &mut Call) -> Answer {
    let [path, mode, dir, effective_ids, links] =
        bind(call, ["path", "mode", "dir_fd", "effective_ids", "follow_symlinks"])?;
    let mode = Access::from_bits_retain(number::<i32>(needed(&mode)?)?.cast_unsigned());
    let options = AccessOptions { effective_ids: truth(&effective_ids, false), follow: follow(&links) };
    Ok(Value::Bool(fs_core::access(at(&path, &dir)?, mode, options)))
}

fn chmod(call: &mut Call) -> Answer {
    let [path, mode, dir, links] = bind(call, ["path", "mode", "dir_fd", "follow_symlinks"])?;
    needed(&mode)?;
    fs_core::chmod(target(&path, &dir)?, mode_or(&mode, 0)?, follow(&links))?;
    Ok(Value::None)
}

fn fchmod(call: &mut Call) -> Answer {
    let [file, mode] = bind(call, ["fd", "mode"])?;
    needed(&mode)?;
    fs_core::fchmod(fd(needed(&file)?)?, mode_or(&mode, 0)?)?;
    Ok(Value::None)
}

/// An id, where -1 keeps what there is.
fn id<T>(value: &Option<Value>, make: fn(u32) -> T) -> Answer<Option<T>> {
    match number::<i64>(needed(value)?)? {
        -1 => Ok(None),
        id => match u32::try_from(id) {
            // The same bits as -1, which is no id.
            Ok(u32::MAX) => Ok(None),
            Ok(id) => Ok(Some(make(id))),
            Err(_) => Err(Stop::Unwritable("out of the range of the type")),
        },
    }
}

fn chown(call: &mut Call) -> Answer {
    let [path, uid, gid, dir, links] = bind(call, ["path", "uid", "gid", "dir_fd", "follow_symlinks"])?;
    let (uid, gid) = (id(&uid, Uid::from_raw)?, id(&gid, Gid::from_raw)?);
    fs_core::chown(target(&path, &dir)?, uid, gid, follow(&links))?;
    Ok(Value::None)
}

fn fchown(call: &mut Call) -> Answer {
    let [file, uid, gid] = bind(call, ["fd", "uid", "gid"])?;
    let (uid, gid) = (id(&uid, Uid::from_raw)?, id(&gid, Gid::from_raw)?);
    fs_core::fchown(fd(needed(&file)?)?, uid, gid)?;
    Ok(Value::None)
}

fn lchown(call: &mut Call) -> Answer {
    let [path, uid, gid] = bind(call, ["path", "uid", "gid"])?;
    let (uid, gid) = (id(&uid, Uid::from_raw)?, id(&gid, Gid::from_raw)?);
    fs_core::lchown(at(&path, &None)?, uid, gid)?;
    Ok(Value::None)
}

fn utime(call: &mut Call) -> Answer {
    let [path, times, ns, dir, links] = bind(call, ["path", "times", "ns", "dir_fd", "follow_symlinks"])?;
    let times = match (&times, &ns) {
        (Some(Value::None) | None, None) => Times::NOW,
        (Some(Value::Tuple(pair)), None) => match pair.as_slice() {
            [atime, mtime] => Times { atime: seconds(atime)?, mtime: seconds(mtime)? },
            _ => return Err(Stop::Unwritable("not two times")),
        },
        (Some(Value::None) | None, Some(Value::Tuple(pair))) => match pair.as_slice() {
            [atime, mtime] => Times::from_ns(number(atime)?, number(mtime)?),
            _ => return Err(Stop::Unwritable("not two times")),
        },
        _ => return Err(Stop::Unwritable("not two times, or two forms of them")),
    };
    fs_core::utime(target(&path, &dir)?, times, follow(&links))?;
    Ok(Value::None)
}

fn seconds(value: &Value) -> Answer<fs_core::Time> {
    match value {
        Value::Float(seconds) => Ok(fs_core::Time::from_secs_f64(*seconds)),
        seconds => Ok(fs_core::Time::At { ns: number::<i128>(seconds)? * 1_000_000_000 }),
    }
}

fn statvfs(name: &str, call: &mut Call) -> Answer {
    let [path] = bind(call, ["path"])?;
    let stat = match name {
        "statvfs" => fs_core::statvfs(target(&path, &None)?)?,
        _ => fs_core::fstatvfs(fd(needed(&path)?)?)?,
    };
    let StatVfs { f_bsize, f_frsize, f_namemax, f_fsid, .. } = stat;
    let flag = stat.f_flag.bits();
    Ok(Value::Words(format!(
        "statvfs(bsize={f_bsize} frsize={f_frsize} flag={flag} namemax={f_namemax} fsid={f_fsid})"
    )))
}

fn pathconf(function: &str, call: &mut Call) -> Answer {
    let [path, name] = bind(call, ["path", "name"])?;
    let text;
    let name = match needed(&name)? {
        Value::Str(bytes) => {
            text = String::from_utf8_lossy(bytes).into_owned();
            ConfName::Name(&text)
        }
        value => ConfName::Number(number(value)?),
    };
    let limit = match function {
        "pathconf" => fs_core::pathconf(target(&path, &None)?, name)?,
        _ => fs_core::fpathconf(fd(needed(&path)?)?, name)?,
    };
    Ok(Value::Int(limit.unwrap_or(-1).into()))
}

fn pathconf_names() -> Value {
    let names: Vec<_> = fs_core::pathconf_names().map(|(name, number)| format!("('{name}', {number})")).collect();
    Value::Words(format!("[{}]", names.join(", ")))
}
