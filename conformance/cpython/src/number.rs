#![expect(unsafe_code, reason = "Python gives descriptors as numbers, and asks for fileno in C")]
//! Numbers as the functions of `os` take them: descriptors, ids, and what counts as true.

use std::ffi::c_int;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use fs_core::{Errno, Error, Gid, Inherit, Uid};
use pyo3::exceptions::{PyOverflowError, PyRuntimeWarning, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::error;

/// The number of a descriptor, open or not.
#[derive(Clone, Copy)]
pub(crate) struct Fd(c_int);

impl Fd {
    /// Standard output.
    pub(crate) const STDOUT: Fd = Fd(libc::STDOUT_FILENO);

    /// The descriptor, for a call.
    pub(crate) fn get(self) -> PyResult<BorrowedFd<'static>> {
        if self.0 < 0 {
            return Err(error::plain(Error::Os(Errno::BADF)));
        }
        Ok(borrow(self.0))
    }

    /// The descriptor that is given in place of a path.
    pub(crate) fn of_path(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        warn_of_bool(object)?;
        let index = object.call_method0("__index__")?;
        match index.extract::<i64>() {
            Ok(number) => within(number).map(Fd),
            Err(_) if index.lt(0)? => within(i64::MIN).map(Fd),
            Err(_) => within(i64::MAX).map(Fd),
        }
    }
}

/// Since 3.13 CPython warns of this.
fn warn_of_bool(object: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = object.py();
    if py.version_info() < (3, 13) || !object.is_instance_of::<PyBool>() {
        return Ok(());
    }
    PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), c"bool is used as a file descriptor", 1)
}

fn within(number: i64) -> PyResult<c_int> {
    number.try_into().map_err(|_| {
        PyOverflowError::new_err(if number < 0 { "fd is less than minimum" } else { "fd is greater than maximum" })
    })
}

fn borrow(fd: c_int) -> BorrowedFd<'static> {
    // SAFETY: not negative, as the callers check. Whether it is open is Python's business,
    // as it is with `os`: the number only goes to system calls, which refuse it if not.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

impl FromPyObject<'_, '_> for Fd {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        object.extract::<c_int>().map(Fd)
    }
}

/// A descriptor, or an object with a `fileno` method.
#[derive(Clone, Copy)]
pub(crate) struct Fileno(c_int);

impl Fileno {
    /// The descriptor, for a call.
    pub(crate) fn get(self) -> BorrowedFd<'static> {
        borrow(self.0)
    }
}

impl FromPyObject<'_, '_> for Fileno {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // SAFETY: the object is alive, and the thread holds the interpreter's lock.
        match unsafe { pyo3::ffi::PyObject_AsFileDescriptor(object.as_ptr()) } {
            ..0 => Err(PyErr::fetch(object.py())),
            fd => Ok(Fileno(fd)),
        }
    }
}

/// A `dir_fd`.
#[derive(Clone, Copy)]
pub(crate) struct DirFd(Option<Fd>);

impl DirFd {
    /// None was given.
    pub(crate) const CWD: DirFd = DirFd(None);

    /// The descriptor, for a call.
    pub(crate) fn get(self) -> PyResult<Option<BorrowedFd<'static>>> {
        self.0.map(Fd::get).transpose()
    }

    /// Whether one was given.
    pub(crate) fn is_given(self) -> bool {
        self.0.is_some()
    }
}

impl FromPyObject<'_, '_> for DirFd {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if object.is_none() {
            return Ok(DirFd::CWD);
        }
        if !object.hasattr("__index__")? {
            let class = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("argument should be integer or None, not {class}")));
        }
        match Fd::of_path(&object)? {
            Fd(libc::AT_FDCWD) => Ok(DirFd::CWD),
            fd => Ok(DirFd(Some(fd))),
        }
    }
}

/// What counts as true.
#[derive(Clone, Copy)]
pub(crate) struct Truth(pub(crate) bool);

impl Truth {
    /// `follow_symlinks`.
    pub(crate) fn follow(self) -> fs_core::Follow {
        if self.0 { fs_core::Follow::Yes } else { fs_core::Follow::No }
    }
}

impl FromPyObject<'_, '_> for Truth {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        object.is_truthy().map(Truth)
    }
}

/// A user or a group; -1 leaves it as it is.
#[derive(Clone, Copy)]
pub(crate) struct Id<const GROUP: bool>(u32);

/// A user.
pub(crate) type UserId = Id<false>;
/// A group.
pub(crate) type GroupId = Id<true>;

impl UserId {
    /// The user, if it is not to stay.
    pub(crate) fn get(self) -> Option<Uid> {
        (self.0 != u32::MAX).then(|| Uid::from_raw(self.0))
    }
}

impl GroupId {
    /// The group, if it is not to stay.
    pub(crate) fn get(self) -> Option<Gid> {
        (self.0 != u32::MAX).then(|| Gid::from_raw(self.0))
    }
}

impl<const GROUP: bool> FromPyObject<'_, '_> for Id<GROUP> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let what = if GROUP { "gid" } else { "uid" };
        if !object.hasattr("__index__")? {
            let class = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("{what} should be integer, not {class}")));
        }
        let index = object.call_method0("__index__")?;
        match index.extract::<i64>() {
            Ok(-1) => Ok(Id(u32::MAX)),
            Ok(number) => number.try_into().map(Id).map_err(|_| out_of_range(what, number < 0)),
            Err(_) => Err(out_of_range(what, index.lt(0)?)),
        }
    }
}

fn out_of_range(what: &str, below: bool) -> PyErr {
    PyOverflowError::new_err(if below {
        format!("{what} is less than minimum")
    } else {
        format!("{what} is greater than maximum")
    })
}

/// The descriptor, to be closed by `fs-core`.
pub(crate) fn own(fd: Fd) -> PyResult<OwnedFd> {
    let raw = fd.get()?.as_raw_fd();
    // SAFETY: not negative. Who calls `os.close` gives the number up; if nothing is open
    // there, the kernel says so to who closes it.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// `fs_core::closerange`, of what the caller of `os.closerange` gives up.
pub(crate) fn closerange(low: Fd, high: Fd) {
    // SAFETY: the condition of `closerange` is passed on to the program in Python.
    unsafe { fs_core::closerange(low.0, high.0) }
}

/// `fs_core::dup2`, onto what the caller of `os.dup2` gives up.
pub(crate) fn dup2(fd: BorrowedFd<'_>, fd2: Fd, inherit: Inherit) -> fs_core::Result<RawFd> {
    // SAFETY: the condition of `dup2` is passed on to the program in Python.
    unsafe { fs_core::dup2(fd, fd2.0, inherit) }
}
