//! Descriptors: how they are made, copied and closed.
#![expect(unsafe_code, reason = "calls that take descriptors by number, as Python has them")]

use std::os::fd::OwnedFd;

use fs_core::{Inherit, MfdFlags, OFlags, PipeFlags};

use super::World;
use super::args::{Answer, Stop, at, bind, bits_or, fd, mode_or, needed, number, path, truth, yes};
use crate::parse::Call;
use crate::value::Value;

pub(super) fn call(world: &mut World, name: &str, call: &mut Call, targets: &[String]) -> Option<Answer> {
    Some(match name {
        "open" => open(call).map(|fd| bound(world, fd, targets)),
        "dup" => dup(call).map(|fd| bound(world, fd, targets)),
        "memfd_create" => memfd_create(call).map(|fd| bound(world, fd, targets)),
        "pipe" | "pipe2" => pipe(name, call).map(|(read, write)| {
            let (read, write) = (world.bind(read, targets.first()), world.bind(write, targets.get(1)));
            Value::Tuple(vec![Value::Words(read), Value::Words(write)])
        }),
        "dup2" => dup2(world, call, targets.first()),
        "close" => close(world, call),
        "closerange" => closerange(world, call),
        "get_inheritable" => get_inheritable(call),
        "set_inheritable" => set_inheritable(call),
        "get_blocking" => get_blocking(call),
        "set_blocking" => set_blocking(call),
        _ => return None,
    })
}

fn bound(world: &mut World, fd: OwnedFd, targets: &[String]) -> Value {
    Value::Words(world.bind(fd, targets.first()))
}

fn open(call: &mut Call) -> Answer<OwnedFd> {
    let [path, flags, mode, dir] = bind(call, ["path", "flags", "mode", "dir_fd"])?;
    needed(&flags)?;
    let flags = OFlags::from_bits_retain(bits_or(&flags, 0)?);
    Ok(fs_core::open(at(&path, &dir)?, flags, mode_or(&mode, 0o777)?)?)
}

fn dup(call: &mut Call) -> Answer<OwnedFd> {
    let [file] = bind(call, ["fd"])?;
    Ok(fs_core::dup(fd(needed(&file)?)?)?)
}

fn memfd_create(call: &mut Call) -> Answer<OwnedFd> {
    let [name, flags] = bind(call, ["name", "flags"])?;
    let flags = match &flags {
        // Python takes the low bits of any number.
        Some(flags) => u32::try_from(number::<i128>(flags)? & 0xffff_ffff).expect("32 bits"),
        None => MfdFlags::CLOEXEC.bits(),
    };
    Ok(fs_core::memfd_create(path(needed(&name)?)?, MfdFlags::from_bits_retain(flags))?)
}

fn pipe(name: &str, call: &mut Call) -> Answer<(OwnedFd, OwnedFd)> {
    if name == "pipe" {
        let [] = bind(call, [])?;
        return Ok(fs_core::pipe()?);
    }
    let [flags] = bind(call, ["flags"])?;
    needed(&flags)?;
    Ok(fs_core::pipe2(PipeFlags::from_bits_retain(bits_or(&flags, 0)?))?)
}

fn dup2(world: &mut World, call: &mut Call, target: Option<&String>) -> Answer {
    let [file, onto, inheritable] = bind(call, ["fd", "fd2", "inheritable"])?;
    let inherit = if truth(&inheritable, true) { Inherit::Yes } else { Inherit::No };
    let (file, onto) = (fd(needed(&file)?)?, number::<i32>(needed(&onto)?)?);
    // SAFETY: the number is a register of this case, which keeps it, or nobody's.
    let number = unsafe { fs_core::dup2(file, onto, inherit) }?;
    if let Some(name) = target
        && !world.is_open(number)
    {
        world.keep(name, number);
    }
    Ok(Value::Int(number.into()))
}

fn close(world: &mut World, call: &mut Call) -> Answer {
    let [file] = bind(call, ["fd"])?;
    let owned = world.take(number(needed(&file)?)?).ok_or(Stop::Unwritable("nobody owns this descriptor"))?;
    fs_core::close(owned)?;
    Ok(Value::None)
}

fn closerange(world: &mut World, call: &mut Call) -> Answer {
    let [low, high] = bind(call, ["fd_low", "fd_high"])?;
    let (low, high) = (number::<i32>(needed(&low)?)?, number::<i32>(needed(&high)?)?);
    for number in low..high {
        if let Some(owned) = world.take(number) {
            std::mem::forget(owned);
        }
    }
    // SAFETY: the registers of the range have given their descriptors up.
    unsafe { fs_core::closerange(low, high) };
    Ok(Value::None)
}

fn get_inheritable(call: &mut Call) -> Answer {
    let [file] = bind(call, ["fd"])?;
    Ok(Value::Bool(fs_core::get_inheritable(fd(needed(&file)?)?)?))
}

fn set_inheritable(call: &mut Call) -> Answer {
    let [file, inheritable] = bind(call, ["fd", "inheritable"])?;
    fs_core::set_inheritable(fd(needed(&file)?)?, yes(&inheritable)?)?;
    Ok(Value::None)
}

fn get_blocking(call: &mut Call) -> Answer {
    let [file] = bind(call, ["fd"])?;
    Ok(Value::Bool(fs_core::get_blocking(fd(needed(&file)?)?)?))
}

fn set_blocking(call: &mut Call) -> Answer {
    let [file, blocking] = bind(call, ["fd", "blocking"])?;
    fs_core::set_blocking(fd(needed(&file)?)?, yes(&blocking)?)?;
    Ok(Value::None)
}
