#![expect(unsafe_code, reason = "who writes the environment must know that no other thread reads it")]
//! The environment: [`environ`], a copy that is taken once, and [`putenv`], which writes
//! what the C library and new programs see.
//!
//! The copy is safe to read from any thread. Writing reaches the C library's own
//! environment, which its functions read without a lock (`getaddrinfo`, `localtime` and
//! more), so that each function that writes is unsafe.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::{LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::audit::Arg;
use crate::{DEFPATH, Errno, Error, Result, audit, sys};

/// The environment of the process, as it was when this was called first, with what was
/// written through it since.
///
/// Of two variables with one name the first counts, and a string without `=` is none.
/// What others write, and [`putenv`] too, is not seen.
///
/// ```
/// if let Some(home) = fs_core::environ().get("HOME") {
///     println!("{}", home.display());
/// }
/// ```
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.environ)
#[doc(alias = "os.environ")]
pub fn environ() -> &'static Environ {
    static ENVIRON: LazyLock<Environ> = LazyLock::new(|| {
        let mut variables = Variables::default();
        sys::environ::for_each(|string| variables.take(string));
        Environ(RwLock::new(variables))
    });
    &ENVIRON
}

/// The environment as bytes: a view of [`environ`], not another copy.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.environb)
#[doc(alias = "os.environb")]
pub fn environb() -> EnvironBytes {
    EnvironBytes(environ())
}

/// A mapping of names to values, in the order of their first appearance.
pub struct Environ(RwLock<Variables>);

#[derive(Default)]
struct Variables {
    in_order: BTreeMap<u64, (OsString, OsString)>,
    places: HashMap<OsString, u64>,
    next_place: u64,
}

impl Variables {
    /// Takes a string of the C library's environment.
    fn take(&mut self, string: &[u8]) {
        let Some(at) = string.iter().position(|byte| *byte == b'=') else { return };
        let name = OsStr::from_bytes(&string[..at]);
        if !self.places.contains_key(name) {
            self.set(name, OsStr::from_bytes(&string[at + 1..]));
        }
    }

    fn get(&self, name: &OsStr) -> Option<&OsStr> {
        self.places.get(name).map(|place| self.in_order[place].1.as_os_str())
    }

    fn set(&mut self, name: &OsStr, value: &OsStr) {
        match self.places.get(name) {
            Some(place) => self.in_order.get_mut(place).expect("each place is taken").1 = value.to_owned(),
            None => {
                self.places.insert(name.to_owned(), self.next_place);
                self.in_order.insert(self.next_place, (name.to_owned(), value.to_owned()));
                self.next_place += 1;
            }
        }
    }

    fn remove(&mut self, name: &OsStr) -> Option<OsString> {
        let place = self.places.remove(name)?;
        self.in_order.remove(&place).map(|(_, value)| value)
    }
}

impl Environ {
    /// The value of a variable.
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<OsString> {
        self.read().get(name.as_ref()).map(OsStr::to_owned)
    }

    /// Whether a variable is there.
    pub fn contains_key(&self, name: impl AsRef<OsStr>) -> bool {
        self.read().get(name.as_ref()).is_some()
    }

    /// How many variables there are.
    pub fn len(&self) -> usize {
        self.read().in_order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All variables, as they are now: what [`get_exec_path`] and a new program take.
    pub fn to_vec(&self) -> Vec<(OsString, OsString)> {
        self.read().in_order.values().cloned().collect()
    }

    /// Sets a variable, in the C library's environment first, then here.
    ///
    /// # Errors
    /// As [`putenv`]; nothing is then set.
    ///
    /// # Safety
    /// As [`putenv`].
    pub unsafe fn set(&self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Result<()> {
        let (name, value) = (name.as_ref(), value.as_ref());
        check(name, value)?;
        raise_putenv(name, value)?;
        let mut variables = self.write();
        // SAFETY: the caller promises it.
        unsafe { sys::environ::set(name, value) };
        variables.set(name, value);
        Ok(())
    }

    /// Takes a variable away, in the C library's environment first, then here, and
    /// returns the value that it had here.
    ///
    /// `None` if it was not here, which is Python's `KeyError`. The C library's
    /// environment has lost it all the same.
    ///
    /// # Errors
    /// As [`unsetenv`].
    ///
    /// # Safety
    /// As [`putenv`].
    pub unsafe fn remove(&self, name: impl AsRef<OsStr>) -> Result<Option<OsString>> {
        let name = name.as_ref();
        check_unset(name)?;
        raise_unsetenv(name)?;
        let mut variables = self.write();
        // SAFETY: the caller promises it.
        unsafe { sys::environ::unset(name) };
        Ok(variables.remove(name))
    }

    fn read(&self) -> RwLockReadGuard<'_, Variables> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Variables> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// [`Environ`] with names and values as bytes.
#[derive(Clone, Copy)]
pub struct EnvironBytes(&'static Environ);

impl EnvironBytes {
    /// [`Environ::get`].
    pub fn get(self, name: &[u8]) -> Option<Vec<u8>> {
        self.0.get(OsStr::from_bytes(name)).map(OsString::into_vec)
    }

    /// [`Environ::contains_key`].
    pub fn contains_key(self, name: &[u8]) -> bool {
        self.0.contains_key(OsStr::from_bytes(name))
    }

    /// [`Environ::len`].
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// [`Environ::is_empty`].
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// [`Environ::to_vec`].
    pub fn to_vec(self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.0.to_vec().into_iter().map(|(name, value)| (name.into_vec(), value.into_vec())).collect()
    }

    /// [`Environ::set`].
    ///
    /// # Errors
    /// As [`putenv`].
    ///
    /// # Safety
    /// As [`putenv`].
    pub unsafe fn set(self, name: &[u8], value: &[u8]) -> Result<()> {
        // SAFETY: the caller promises it.
        unsafe { self.0.set(OsStr::from_bytes(name), OsStr::from_bytes(value)) }
    }

    /// [`Environ::remove`].
    ///
    /// # Errors
    /// As [`unsetenv`].
    ///
    /// # Safety
    /// As [`putenv`].
    pub unsafe fn remove(self, name: &[u8]) -> Result<Option<Vec<u8>>> {
        // SAFETY: the caller promises it.
        Ok(unsafe { self.0.remove(OsStr::from_bytes(name)) }?.map(OsString::into_vec))
    }
}

/// The value of a variable of [`environ`], not of the C library's environment.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.getenv)
#[doc(alias = "os.getenv")]
pub fn getenv(name: impl AsRef<OsStr>) -> Option<OsString> {
    environ().get(name)
}

/// [`getenv`] of bytes.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.getenvb)
#[doc(alias = "os.getenvb")]
pub fn getenvb(name: &[u8]) -> Option<Vec<u8>> {
    environb().get(name)
}

/// Sets a variable of the C library's environment, which new programs get. [`environ`]
/// does not see it; [`Environ::set`] does both.
///
/// # Errors
/// - [`Error::EmbeddedNul`]. [`Error::Invalid`]: the name holds `=`.
/// - `EINVAL`: the name is empty.
///
/// # Safety
/// No other thread may read or write the environment meanwhile, but through `std::env`.
/// Functions of the C library read it, and other threads may be in one. Best before the
/// first thread is made; for a child, give it an environment of its own instead.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/setenv.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.putenv)
#[doc(alias = "os.putenv")]
#[doc(alias = "setenv")]
pub unsafe fn putenv(name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Result<()> {
    let (name, value) = (name.as_ref(), value.as_ref());
    check(name, value)?;
    raise_putenv(name, value)?;
    // SAFETY: the caller promises it.
    unsafe { sys::environ::set(name, value) };
    Ok(())
}

/// Takes a variable out of the C library's environment. [`environ`] does not see it;
/// [`Environ::remove`] does both. A variable that is not there is no error.
///
/// # Errors
/// - [`Error::EmbeddedNul`]. `EINVAL`: the name is empty or holds `=`.
///
/// # Safety
/// As [`putenv`].
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/unsetenv.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.unsetenv)
#[doc(alias = "os.unsetenv")]
pub unsafe fn unsetenv(name: impl AsRef<OsStr>) -> Result<()> {
    let name = name.as_ref();
    check_unset(name)?;
    raise_unsetenv(name)?;
    // SAFETY: the caller promises it.
    unsafe { sys::environ::unset(name) };
    Ok(())
}

fn check(name: &OsStr, value: &OsStr) -> Result<()> {
    let name = name.as_bytes();
    if name.contains(&0) || value.as_bytes().contains(&0) {
        return Err(Error::EmbeddedNul);
    }
    if name.contains(&b'=') {
        return Err(Error::Invalid("the name of a variable holds `=`"));
    }
    if name.is_empty() {
        return Err(Error::Os(Errno::INVAL));
    }
    Ok(())
}

fn check_unset(name: &OsStr) -> Result<()> {
    match name.as_bytes() {
        name if name.contains(&0) => Err(Error::EmbeddedNul),
        name if name.is_empty() || name.contains(&b'=') => Err(Error::Os(Errno::INVAL)),
        _ => Ok(()),
    }
}

fn raise_putenv(name: &OsStr, value: &OsStr) -> Result<()> {
    audit::raise("os.putenv", || [Arg::Bytes(name.as_bytes()), Arg::Bytes(value.as_bytes())])
}

fn raise_unsetenv(name: &OsStr) -> Result<()> {
    audit::raise("os.unsetenv", || [Arg::Bytes(name.as_bytes())])
}

/// Where a program is searched: the paths of `PATH` in `env`, or in [`environ`] if
/// `None`, and those of [`DEFPATH`] without `PATH`.
///
/// An empty path among them, which is also what an empty `PATH` holds, is the working
/// directory.
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.get_exec_path)
#[doc(alias = "os.get_exec_path")]
pub fn get_exec_path(env: Option<&[(OsString, OsString)]>) -> Vec<PathBuf> {
    let path = match env {
        Some(env) => env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone()),
        None => environ().get("PATH"),
    };
    let path = path.unwrap_or_else(|| DEFPATH.into());
    path.as_bytes().split(|byte| *byte == b':').map(|path| OsStr::from_bytes(path).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_programs_are_those_of_the_environment_given() {
        let paths = |value: &str| get_exec_path(Some(&[("A".into(), "/a".into()), ("PATH".into(), value.into())]));
        assert_eq!(paths("/x::y"), ["/x", "", "y"].map(PathBuf::from));
        assert_eq!(paths(""), [PathBuf::new()]);
        assert_eq!(get_exec_path(Some(&[])), ["/bin", "/usr/bin"].map(PathBuf::from));
        let path = std::env::var_os("PATH").unwrap_or_else(|| DEFPATH.into());
        assert_eq!(get_exec_path(None), std::env::split_paths(&path).collect::<Vec<_>>());
    }

    #[test]
    fn variables_keep_the_order_in_which_they_came() {
        let mut variables = Variables::default();
        for string in ["B=1", "A=2", "B=3", "C"] {
            variables.take(string.as_bytes());
        }
        variables.set(OsStr::new("B"), OsStr::new("4"));
        assert_eq!(variables.remove(OsStr::new("C")), None);
        let pairs: Vec<_> =
            variables.in_order.values().map(|(name, value)| (name.as_os_str(), value.as_os_str())).collect();
        assert_eq!(pairs, [("B".as_ref(), "4".as_ref()), ("A".as_ref(), OsStr::new("2"))]);
        assert_eq!(variables.remove(OsStr::new("B")), Some("4".into()));
        assert_eq!(variables.get(OsStr::new("B")), None);
    }
}
