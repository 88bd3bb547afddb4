//! The one way of every request: it is timed, done, answered and recorded here, and a
//! panic in it is one `EIO`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use fs_core::Errno;
use rustix::time::{ClockId, clock_gettime};

use super::PassthroughFs;
use super::reply::Refuse;
use crate::caller::Caller;
use crate::node::Name;
use crate::nodes::Nodes;
use crate::ops::Call;
/// What serves a request: the node operations.
#[cfg(not(feature = "planted-faults"))]
pub(super) use crate::ops::Call as Served;
/// What serves a request: the node operations, of which one is wrong on purpose.
#[cfg(feature = "planted-faults")]
pub(super) use crate::ops::faults::Faulty as Served;
use crate::trace::{Args, Record, RequestKind, Tracer};
use crate::worker::{self, Worker};

/// What a request asks, for the trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    kind: RequestKind,
    what: What<'a>,
    second: Option<What<'a>>,
    args: Args<'a>,
}

/// What a request is about.
#[derive(Clone, Copy, Debug)]
enum What<'a> {
    Node(u64),
    Name(Name<'a>),
}

impl<'a> Asked<'a> {
    /// A request about a node.
    pub(super) fn node(kind: RequestKind, ino: u64, args: Args<'a>) -> Self {
        Asked { kind, what: What::Node(ino), second: None, args }
    }

    /// A request about a name in a directory.
    pub(super) fn name(kind: RequestKind, name: Name<'a>, args: Args<'a>) -> Self {
        Asked { kind, what: What::Name(name), second: None, args }
    }

    /// The same, from a node to a name.
    pub(super) fn to_name(self, name: Name<'a>) -> Self {
        Asked { second: Some(What::Name(name)), ..self }
    }

    /// Whether it makes a handle.
    fn opens(&self) -> bool {
        matches!(self.kind, RequestKind::Open | RequestKind::Create | RequestKind::Opendir)
    }

    /// The same, from a node to a node.
    pub(super) fn to_node(self, ino: u64) -> Self {
        Asked { second: Some(What::Node(ino)), ..self }
    }
}

impl What<'_> {
    fn ino(self) -> u64 {
        match self {
            What::Node(ino) => ino,
            What::Name(name) => name.parent,
        }
    }

    fn path_into(self, nodes: &Nodes, path: &mut Vec<u8>) {
        path.clear();
        nodes.path_into(self.ino(), path);
        if let What::Name(name) = self {
            if path == b"." {
                path.clear();
            } else {
                path.push(b'/');
            }
            path.extend(name.name);
        }
    }
}

impl PassthroughFs {
    /// Serves a request: `op` does it, and `send` answers with what `op` gave and
    /// says the result for the trace.
    ///
    /// `op` may fill in arguments that only it knows. If it fails, the answer is the errno; if
    /// it panics, `EIO`.
    pub(super) fn serve<'a, R: Refuse, T>(
        &self,
        request: &fuser::Request,
        asked: Asked<'a>,
        reply: R,
        op: impl FnOnce(&Served<'_>, &mut R, &mut Args<'a>) -> Result<T, Errno>,
        send: impl FnOnce(R, T, &Worker) -> Result<i64, Errno>,
    ) {
        let _busy = self.load().enter();
        let caller = Caller { uid: request.uid(), gid: request.gid(), tid: request.pid() };
        let perform = |worker: &Worker, args: &mut Args<'a>| {
            let (mut reply, call) = (reply, Call { volume: &self.volume, worker, caller });
            #[cfg(feature = "planted-faults")]
            let call = Served::new(call);
            let result = op(&call, &mut reply, args);
            if let Some(tracer) = &self.tracer {
                let opened = if result.is_ok() && asked.opens() { args.handle } else { None };
                tracer.answering(asked.kind, opened);
            }
            match result {
                Ok(done) => send(reply, done, worker),
                Err(errno) => {
                    reply.refuse(errno);
                    Err(errno)
                }
            }
        };
        // A reply that a panic drops answers EIO.
        let _answered = guarded(|| {
            worker::with(|worker| match &self.tracer {
                None => {
                    let mut args = asked.args;
                    perform(worker, &mut args)
                }
                Some(tracer) => self.trace(tracer, worker, caller, asked, |args| perform(worker, args)),
            })
        });
    }

    /// Takes note that the kernel forgets a node. Such a request has no answer.
    pub(super) fn serve_forget(&self, request: &fuser::Request, ino: u64, lookups: u64) {
        let _busy = self.load().enter();
        let caller = Caller { uid: request.uid(), gid: request.gid(), tid: request.pid() };
        let forget = || {
            self.volume.nodes.forget(ino, lookups);
            if !self.volume.opens_directories.load(Ordering::Relaxed) {
                self.volume.listings.forget(ino);
            }
            Ok(0)
        };
        let _done = guarded(|| match &self.tracer {
            None => forget(),
            Some(tracer) => worker::with(|worker| {
                let args = Args { nlookup: Some(lookups), ..Args::default() };
                self.trace(tracer, worker, caller, Asked::node(RequestKind::Forget, ino, args), |_| forget())
            }),
        });
    }

    fn trace<'a>(
        &self,
        tracer: &Tracer,
        worker: &Worker,
        caller: Caller,
        asked: Asked<'a>,
        perform: impl FnOnce(&mut Args<'a>) -> Result<i64, Errno>,
    ) -> Result<i64, Errno> {
        // Before the request, which may take the name or the node away. The buffers go back at
        // the end; a panic costs no more than their allocation.
        let [mut path, mut path2] = [worker.paths[0].take(), worker.paths[1].take()];
        asked.what.path_into(&self.volume.nodes, &mut path);
        if let Some(second) = asked.second {
            second.path_into(&self.volume.nodes, &mut path2);
        }
        let who = self.who(caller, &asked);
        let mut args = asked.args;
        // While the caller waits: it may be gone once it has its answer.
        tracer.arrived(asked.kind, who.tid, args.handle);
        let start_ns = now_ns();
        let result = guarded(|| perform(&mut args));
        let duration_ns = now_ns().saturating_sub(start_ns);
        tracer.record(&Record {
            kind: asked.kind,
            ino: asked.what.ino(),
            path: &path,
            path2: asked.second.map(|_| path2.as_slice()),
            ret: result.unwrap_or(-1),
            errno: result.err().map(Errno::raw_os_error),
            start_ns,
            duration_ns,
            tid: who.tid,
            uid: who.uid,
            gid: who.gid,
            args,
        });
        worker.paths[0].replace(path);
        worker.paths[1].replace(path2);
        result
    }

    /// Who a request is laid to: who opened the handle, if the kernel asks by itself.
    fn who(&self, caller: Caller, asked: &Asked<'_>) -> Caller {
        let (0, Some(handle)) = (caller.tid, asked.args.handle) else { return caller };
        let opener = match asked.kind {
            RequestKind::Readdir | RequestKind::Readdirplus | RequestKind::Releasedir | RequestKind::Fsyncdir => {
                self.volume.dirs.get(handle).map(|dir| dir.opener)
            }
            _ => self.volume.files.get(handle).map(|file| file.opener),
        };
        opener.unwrap_or(caller)
    }
}

/// Calls `serve`; `EIO` if it panics, which was printed already.
fn guarded(serve: impl FnOnce() -> Result<i64, Errno>) -> Result<i64, Errno> {
    // What a panic leaves behind is either whole (locks hold for single steps) or
    // only too much: a lookup that is never forgotten.
    catch_unwind(AssertUnwindSafe(serve)).unwrap_or(Err(Errno::IO))
}

fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_eio() {
        assert_eq!(guarded(|| panic!("on purpose")), Err(Errno::IO));
        assert_eq!(guarded(|| Ok(7)), Ok(7));
    }
}
