//! Opening files: the answer says by which way their bytes travel.
//!
//! Or that the kernel need not ask ([`Volume::opens_files`](crate::ops::Volume::opens_files)): then it is always through its page cache and us.

#![expect(unsafe_code, reason = "lends fuser the backing ids of the mount")]

use fuser::{FileHandle, FopenFlags, INodeNo, ReplyCreate, ReplyOpen, Request};

use super::requests::noted;
use super::serve::Asked;
use super::{PassthroughFs, reply};
use crate::node::{Name, Node, Way};
use crate::ops::{Call, OpenFile, Opens};
use crate::options::Cache;
use crate::trace::{Args, RequestKind};

impl PassthroughFs {
    /// Opens a file.
    pub(super) fn serve_open(&self, request: &Request, ino: INodeNo, flags: u32, reply: ReplyOpen) {
        self.serve(
            request,
            Asked::node(RequestKind::Open, ino.0, Args { flags: Some(flags), ..Args::default() }),
            reply,
            |call, _, args| {
                // What the kernel reads itself we may never need.
                let opens = if self.sees_data || !self.backings.are_allowed() { Opens::Now } else { Opens::WhenNeeded };
                let opened = call.open(ino.0, flags, opens)?;
                let way = self.way(call, &opened.handle);
                // Through us, it is needed. Otherwise the node keeps its descriptor from now on.
                let reached = if way.backing.is_some() || way.is_chosen {
                    call.volume.nodes.fd(&opened.handle.node)
                } else {
                    call.source_of(&opened.handle)
                };
                if let Err(errno) = reached {
                    call.release(opened.number)?;
                    self.backings.release(&opened.handle.node);
                    return Err(errno);
                }
                args.handle = Some(opened.number);
                // Without the handle itself: whoever releases it after the answer closes it.
                Ok((opened.number, self.flags(&opened.handle, &way), way.backing))
            },
            |reply, (number, flags, backing), _| {
                match backing {
                    Some(backing) => {
                        // SAFETY: the id is the mount's, and open for as long as `backing`.
                        let id = unsafe { reply.wrap_backing(backing.id()) };
                        reply.opened_passthrough(FileHandle(number), flags, &id);
                        // Dropping it would close it.
                        id.into_raw();
                    }
                    None => reply.opened(FileHandle(number), flags),
                }
                Ok(0)
            },
        );
    }

    /// Makes a file and opens it.
    pub(super) fn serve_create(
        &self,
        request: &Request,
        name: Name<'_>,
        mode: u32,
        umask: u32,
        flags: u32,
        reply: ReplyCreate,
    ) {
        let args = Args { mode: Some(mode), umask: Some(umask), flags: Some(flags), ..Args::default() };
        self.serve(
            request,
            Asked::name(RequestKind::Create, name, args),
            reply,
            |call, _, args| {
                let (entry, opened) = call.create(name, mode, umask, flags)?;
                args.handle = Some(opened.number);
                let way = self.way(call, &opened.handle);
                let flags = self.flags(&opened.handle, &way);
                Ok((noted(args, entry), opened.number, flags, way.backing))
            },
            |reply, (entry, number, flags, backing), _| {
                let (attr, generation) = reply::entry(&entry.node, &entry.status).expect("a regular file");
                let cache = self.volume.cache_of(&entry.node);
                let ttl = cache.joint_ttl(entry.status.st_mode(), entry.node.may_be_mapped());
                let handle = FileHandle(number);
                match backing {
                    Some(backing) => {
                        // SAFETY: the id is the mount's, and open for as long as `backing`.
                        let id = unsafe { reply.wrap_backing(backing.id()) };
                        reply.created_passthrough(&ttl, &attr, generation, handle, flags, &id);
                        id.into_raw();
                    }
                    None => reply.created(&ttl, &attr, generation, handle, flags),
                }
                Ok(0)
            },
        );
    }

    /// How the bytes of a file that was opened travel.
    fn way(&self, call: &Call<'_>, file: &OpenFile) -> Way {
        let keeps = self.volume.cache_of(&file.node).keeps();
        // Not where others change the source: of a store into a map of theirs nobody hears.
        let may_prefer = self.volume.cache == Cache::Exclusive && !self.sees_data;
        let prefers_pages = may_prefer && file.is_only_read() && file.node.is_small();
        let way = self.backings.open(&file.node, prefers_pages, || call.volume.nodes.fd_to_pass(&file.node));
        // The last moment at which a store into a map can be prepared for: the kernel tells of none.
        if way.backing.is_some() && file.reads_and_writes() && file.node.let_be_mapped() && keeps {
            self.invalidate_attributes(&file.node);
        }
        way
    }

    /// What the kernel is told of a file that was opened.
    fn flags(&self, file: &OpenFile, way: &Way) -> FopenFlags {
        let mut flags = FopenFlags::empty();
        // The kernel opens its own file with the flags that there are now, and would ask for whole blocks for ever. A program
        // may take O_DIRECT back, as dd does for a last block that is none: a request has the flags of its moment.
        if self.sees_data || (way.backing.is_some() && file.is_direct()) {
            flags |= FopenFlags::FOPEN_DIRECT_IO;
        } else if way.backing.is_none() && self.volume.cache_of(&file.node).keeps() {
            flags |= FopenFlags::FOPEN_KEEP_CACHE;
        }
        // A close has nothing to bring to the source: no page is dirty above it.
        if way.backing.is_some() || !file.writes() {
            flags |= FopenFlags::FOPEN_NOFLUSH;
        }
        flags
    }

    /// Makes the kernel forget the attributes of a node.
    fn invalidate_attributes(&self, node: &Node) {
        if let Some(notifier) = self.notifier.get() {
            // A negative offset: the contents stay. That it knows no such node is no error.
            let _ = notifier.inval_inode(INodeNo(node.ino), -1, 0);
        }
    }
}
