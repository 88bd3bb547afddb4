//! Listing directories: entries are added to an answer until it is full.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use fuser::{FileHandle, FileType, Generation, INodeNo, ReplyDirectory, ReplyDirectoryPlus, Request};

use super::serve::Asked;
use super::{PassthroughFs, reply};
use crate::trace::{Args, RequestKind};

impl PassthroughFs {
    /// Lists names.
    pub(super) fn serve_readdir(
        &self,
        request: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        reply: ReplyDirectory,
    ) {
        self.serve(
            request,
            Asked::node(RequestKind::Readdir, ino.0, listing(fh, offset)),
            reply,
            |call, reply, _| {
                let mut count = 0;
                call.readdir(self.directory(ino, fh), offset, |listed| {
                    // A type that the protocol lacks is one that programs ask for by stat.
                    let kind = reply::kind(listed.file_type).unwrap_or(FileType::RegularFile);
                    let is_full = reply.add(INodeNo(listed.ino), listed.next, kind, OsStr::from_bytes(listed.name));
                    count += i64::from(!is_full);
                    !is_full
                })?;
                Ok(count)
            },
            |reply, count, _| {
                reply.ok();
                Ok(count)
            },
        );
    }

    /// Lists names with their attributes, as if each was looked up.
    pub(super) fn serve_readdirplus(
        &self,
        request: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        reply: ReplyDirectoryPlus,
    ) {
        self.serve(
            request,
            Asked::node(RequestKind::Readdirplus, ino.0, listing(fh, offset)),
            reply,
            |call, reply, _| {
                let mut count = 0;
                call.readdirplus(self.directory(ino, fh), offset, |listed, entry| {
                    let told = entry.map(|entry| {
                        let names = self.volume.cache_of(&entry.node).entry_ttl();
                        let ttl = names.min(self.volume.attribute_ttl(entry));
                        reply::entry(&entry.node, &entry.status).map(|(attr, generation)| (ttl, attr, generation))
                    });
                    let (ttl, attr, generation) = match told {
                        Some(Ok(told)) => told,
                        // Not of a type that the protocol has.
                        Some(Err(_)) => return true,
                        None => (Duration::ZERO, reply::bare(listed.ino, FileType::Directory), Generation(0)),
                    };
                    let name = OsStr::from_bytes(listed.name);
                    let is_full = reply.add(attr.ino, listed.next, name, &ttl, &attr, generation);
                    count += i64::from(!is_full);
                    !is_full
                })?;
                Ok(count)
            },
            |reply, count, _| {
                reply.ok();
                Ok(count)
            },
        );
    }
}

fn listing<'a>(fh: FileHandle, offset: u64) -> Args<'a> {
    Args { handle: Some(fh.0), offset: Some(offset.cast_signed()), ..Args::default() }
}
