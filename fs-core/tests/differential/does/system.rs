//! The system and the process, as far as asking changes nothing.

use fs_core::{ConfName, Gid, GrndFlags, Pid, SchedPolicy};

use super::args::{Answer, Stop, bind, bits_or, fd, needed, number, path, size};
use crate::parse::Call;
use crate::value::Value;

pub(super) fn call(name: &str, call: &mut Call) -> Option<Answer> {
    Some(match name {
        "sysconf" | "confstr" => limit(name, call),
        "sysconf_names" => Ok(names(fs_core::sysconf_names())),
        "confstr_names" => Ok(names(fs_core::confstr_names())),
        "strerror" => strerror(call),
        "uname" => none(call, || {
            Value::Tuple(fs_core::uname().fields().map(|field| Value::Bytes(field.to_bytes().to_vec())).to_vec())
        }),
        "cpu_count" => none(call, || fs_core::cpu_count().map_or(Value::None, |count| integer(count.get() as u64))),
        "getuid" => none(call, || integer(fs_core::getuid().as_raw())),
        "geteuid" => none(call, || integer(fs_core::geteuid().as_raw())),
        "getgid" => none(call, || integer(fs_core::getgid().as_raw())),
        "getegid" => none(call, || integer(fs_core::getegid().as_raw())),
        "getresuid" => none(call, || {
            let (real, effective, saved) = fs_core::getresuid();
            Value::Tuple([real, effective, saved].map(|uid| integer(uid.as_raw())).to_vec())
        }),
        "getresgid" => none(call, || {
            let (real, effective, saved) = fs_core::getresgid();
            Value::Tuple([real, effective, saved].map(|gid| integer(gid.as_raw())).to_vec())
        }),
        "getgroups" => groups(fs_core::getgroups()),
        "getgrouplist" => getgrouplist(call),
        "getpgrp" => none(call, || process(fs_core::getpgrp())),
        "getpgid" | "getsid" => session(name, call),
        "sched_get_priority_min" | "sched_get_priority_max" => priority(name, call),
        "urandom" | "getrandom" => random(name, call),
        "isatty" => isatty(call),
        _ => return None,
    })
}

fn integer(number: impl Into<i128>) -> Value {
    Value::Int(number.into())
}

fn none(call: &mut Call, ask: impl FnOnce() -> Value) -> Answer {
    let [] = bind(call, [])?;
    Ok(ask())
}

fn names(names: impl Iterator<Item = (&'static str, i32)>) -> Value {
    let names: Vec<_> = names.map(|(name, number)| format!("('{name}', {number})")).collect();
    Value::Words(format!("[{}]", names.join(", ")))
}

fn limit(function: &str, call: &mut Call) -> Answer {
    let [name] = bind(call, ["name"])?;
    let text;
    let name = match needed(&name)? {
        Value::Str(bytes) => {
            text = String::from_utf8_lossy(bytes).into_owned();
            ConfName::Name(&text)
        }
        value => ConfName::Number(number(value)?),
    };
    Ok(match function {
        "sysconf" => integer(fs_core::sysconf(name)?.unwrap_or(-1)),
        _ => fs_core::confstr(name)?.map_or(Value::None, |text| Value::Str(text.into_encoded_bytes())),
    })
}

fn strerror(call: &mut Call) -> Answer {
    let [code] = bind(call, ["code"])?;
    Ok(Value::Str(fs_core::strerror(number(needed(&code)?)?).into_bytes()))
}

fn groups(groups: fs_core::Result<Vec<Gid>>) -> Answer {
    Ok(Value::List(groups?.into_iter().map(|gid| integer(gid.as_raw())).collect()))
}

fn getgrouplist(call: &mut Call) -> Answer {
    let [user, group] = bind(call, ["user", "group"])?;
    let group = Gid::from_raw(number(needed(&group)?)?);
    groups(fs_core::getgrouplist(path(needed(&user)?)?, group))
}

fn process(pid: Option<Pid>) -> Value {
    integer(pid.map_or(0, |pid| pid.as_raw_nonzero().get()))
}

fn session(name: &str, call: &mut Call) -> Answer {
    let [pid] = bind(call, ["pid"])?;
    let pid = match number::<i32>(needed(&pid)?)? {
        0 => None,
        pid @ 1.. => Pid::from_raw(pid),
        _ => return Err(Stop::Unwritable("a process is positive")),
    };
    Ok(process(if name == "getpgid" { fs_core::getpgid(pid)? } else { fs_core::getsid(pid)? }))
}

fn priority(name: &str, call: &mut Call) -> Answer {
    let [policy] = bind(call, ["policy"])?;
    let policy = SchedPolicy::from_raw(number(needed(&policy)?)?);
    Ok(integer(match name {
        "sched_get_priority_min" => fs_core::sched_get_priority_min(policy)?,
        _ => fs_core::sched_get_priority_max(policy)?,
    }))
}

/// Of random bytes only the count can be compared.
fn random(name: &str, call: &mut Call) -> Answer {
    let [length, flags] = bind(call, ["size", "flags"])?;
    let mut buf = vec![0; size(&length)?];
    let count = match name {
        "urandom" => fs_core::urandom(&mut buf).map(|()| buf.len())?,
        _ => fs_core::getrandom(&mut buf, GrndFlags::from_bits_retain(bits_or(&flags, 0)?))?,
    };
    Ok(Value::Words(format!("random({count})")))
}

fn isatty(call: &mut Call) -> Answer {
    let [file] = bind(call, ["fd"])?;
    Ok(Value::Bool(fs_core::isatty(fd(needed(&file)?)?)))
}
