//! What strace writes of a daemon, as requests with the calls that each makes.

use std::collections::HashMap;
use std::fs;
use std::thread;
use std::time::Duration;

/// A request that was served.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) name: &'static str,
    /// The calls of its thread until it asks for the next, without the answer.
    pub(crate) calls: Vec<String>,
}

/// How long nothing is written when all is done. A release is answered after its close.
pub(crate) const CALM: Duration = Duration::from_millis(60);

/// What was written, once nothing more comes.
pub(crate) fn settled(path: &str) -> String {
    let mut text = fs::read_to_string(path).unwrap();
    loop {
        thread::sleep(CALM);
        let now = fs::read_to_string(path).unwrap();
        if now == text {
            return text;
        }
        text = now;
    }
}

/// The requests of a log, in the order in which they came.
pub(crate) fn requests(log: &str) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    // By thread: the request that it serves.
    let mut current: HashMap<&str, usize> = HashMap::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(opcode) = opcode(call) {
            current.insert(thread, requests.len());
            requests.push(Request { name: name(opcode), calls: Vec::new() });
        } else if call.starts_with("read(") && call.contains("unfinished") {
            current.remove(thread);
        } else if let Some(&index) = current.get(thread)
            && let Some((name, _)) = call.split_once('(')
            && !matches!(name, "read" | "writev")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            requests[index].calls.push(name.to_owned());
        }
    }
    requests
}

/// The operation of a request that is read in this line.
fn opcode(call: &str) -> Option<u32> {
    if !call.starts_with("read(") && !call.starts_with("<... read resumed>") {
        return None;
    }
    let (_, text) = call.split_once('"')?;
    let (text, rest) = text.split_once('"')?;
    let bytes: Vec<u8> = text.split("\\x").skip(1).filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    // Each begins with its own length.
    let length: u32 = rest.rsplit_once("= ")?.1.trim().parse().ok()?;
    if word(0)? == length { word(4) } else { None }
}

/// Its name, by the numbers of `linux/fuse.h`.
fn name(opcode: u32) -> &'static str {
    match opcode {
        1 => "lookup",
        2 => "forget",
        3 => "getattr",
        4 => "setattr",
        5 => "readlink",
        6 => "symlink",
        8 => "mknod",
        9 => "mkdir",
        10 => "unlink",
        11 => "rmdir",
        12 | 45 => "rename",
        13 => "link",
        14 => "open",
        15 => "read",
        16 => "write",
        17 => "statfs",
        18 => "release",
        20 => "fsync",
        21 => "setxattr",
        22 => "getxattr",
        23 => "listxattr",
        24 => "removexattr",
        25 => "flush",
        27 => "opendir",
        28 => "readdir",
        29 => "releasedir",
        30 => "fsyncdir",
        35 => "create",
        42 => "forget",
        44 => "readdirplus",
        _ => "other",
    }
}
