//! Planted faults: the node operations with one mistake that real file systems make, to show that
//! the suite finds each of them and tells it apart from the others.
//!
//! Only the feature `planted-faults` compiles this room, and then [`Faulty`] serves the requests
//! instead of [`Call`]: it has the operations that some fault spoils, under the same names, and
//! leaves the others to the `Call` beneath. The normal operations know nothing of it.
//!
//! The fault of a mount is named by the variable [`VARIABLE`] of its environment; without it there
//! is none. Data that the kernel's own passthrough moves comes to no operation: faults of data
//! show with `--passthrough off`, and those of attributes at once with `--cache none`.

mod attributes;
mod copies;
mod data;
mod directories;
mod memory;
mod names;
pub mod panics;
mod xattrs;

use std::ops::Deref;
use std::sync::LazyLock;

use super::Call;
use crate::caller::Caller;
use crate::exit::Failure;

/// The variable of the environment that names the fault of a mount.
pub const VARIABLE: &str = "OSPREY_PLANTED_FAULT";

macro_rules! faults {
    ($($fault:ident $name:literal $about:literal)*) => {
        /// A mistake that a mount can be made to have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $(#[doc = $about] $fault),*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Fault] = &[$(Fault::$fault),*];

            /// Its name in the environment and in the table.
            pub fn name(self) -> &'static str {
                match self { $(Fault::$fault => $name),* }
            }

            /// What is wrong.
            pub fn about(self) -> &'static str {
                match self { $(Fault::$fault => $about),* }
            }
        }
    };
}

faults! {
    OwnerIsTheDaemon "owner-is-the-daemon" "new files belong to the daemon, not to who made them"
    GroupNotInherited "group-not-inherited" "a set-group-ID directory does not give its group to what is made in it"
    GroupsIgnored "groups-ignored" "the supplementary groups of who asks are not looked at"
    UmaskIgnored "umask-ignored" "new files have all permissions that were asked for, whatever the umask"
    UmaskBeforeDefaultAcl "umask-before-default-acl" "the umask is taken away although a default ACL replaces it"
    StickyLost "sticky-lost" "the sticky bit never comes to the kernel, which then protects nobody by it"
    SetIdKeptByWrite "set-id-kept-by-write" "an ordinary user's write leaves suid and sgid"
    SetIdKeptByTruncate "set-id-kept-by-truncate" "an ordinary user's truncate leaves suid and sgid"
    SetIdKeptByChown "set-id-kept-by-chown" "a change of the owner leaves suid and sgid"
    ChownFollows "chown-follows" "a change of a symbolic link's owner goes to the file that it leads to"
    UnwritableCreation "unwritable-creation" "a file that its permissions do not let be written cannot be created open for writing"

    OmittedTimeIsNow "omitted-time-is-now" "of two times, one that was to be left alone becomes the present"
    FractionBefore1970 "fraction-before-1970" "the nanoseconds of times before 1970 are subtracted instead of added"
    ChangeTimeKept "change-time-kept" "the time of the last change stays what it first was"
    ParentTimesKept "parent-times-kept" "what is made in a directory does not move the directory's time"
    WriteKeepsTimes "write-keeps-times" "a write leaves the time of the last modification"
    StaleAttributes "stale-attributes" "attributes that were told are told again for a second"
    LinkCountKept "link-count-kept" "the number of a file's names stays what it first was"
    UnlinkedIsGone "unlinked-is-gone" "a file without a name cannot be asked for its status, open or not"
    SymlinkSizeZero "symlink-size-zero" "the size of a symbolic link is 0"
    NameLimitWrong "name-limit-wrong" "the file system says that names end at 127 bytes, which they do not"

    LongerPrefix "longer-prefix" "legal long paths are refused, because a prefix makes them longer than 4095 bytes"
    ShortNames "short-names" "names end at 143 bytes, as if they were encrypted"
    ExchangeIsRename "exchange-is-rename" "RENAME_EXCHANGE is done as a plain rename"
    RenameRefusesToReplace "rename-refuses-to-replace" "a rename to a name that exists fails with EEXIST"
    RenameIsACopy "rename-is-a-copy" "a file is renamed by copying it, and gets a new inode number"
    LinkIsACopy "link-is-a-copy" "a hard link is a second file with the same bytes"
    ReplacedByName "replaced-by-name" "a file that was replaced while it was open shows what replaced it"
    NotEmptyIsEio "not-empty-is-eio" "rmdir of a directory with entries gives EIO"
    SymlinkTextTidied "symlink-text-tidied" "the text of a symbolic link loses double slashes, `./` and the slash at its end"
    DeviceNumberLost "device-number-lost" "mknod makes every device with the number 0"

    TruncationLost "truncation-lost" "O_TRUNC leaves the file as long as it was"
    AppendAtTheOldEnd "append-at-the-old-end" "O_APPEND writes where the file ended when it was opened"
    OffsetOf32Bits "offset-of-32-bits" "a write loses the upper 32 bits of its offset"
    OldBytesAfterGrowth "old-bytes-after-growth" "a file that was cut and grows again shows the old bytes"
    ShortReads "short-reads" "a read gives no more than 1000 bytes"
    ReaderKeepsOldData "reader-keeps-old-data" "a file that is open for reading shows what it held when it was opened"
    FsyncWantsWriting "fsync-wants-writing" "fsync of a descriptor that is open for reading gives EBADF"
    FsyncOfDirectory "fsync-of-directory" "fsync of a directory gives EINVAL"
    KeepSizeIgnored "keep-size-ignored" "FALLOC_FL_KEEP_SIZE lets the file grow"
    PunchLeavesBytes "punch-leaves-bytes" "FALLOC_FL_PUNCH_HOLE is answered and not done"
    HoleWhereDataIs "hole-where-data-is" "SEEK_HOLE finds a hole wherever it starts"
    CopyToTheStart "copy-to-the-start" "copy_file_range writes to the start of the file, whatever the offset"

    ReaddirByIndex "readdir-by-index" "positions in a listing count entries, so that removing some skips others"
    TypeOfTheTarget "type-of-the-target" "a listing says of symbolic links that they are regular files"

    XattrCreateIgnored "xattr-create-ignored" "XATTR_CREATE replaces the value that is there"
    XattrEndsAtNul "xattr-ends-at-nul" "the value of an attribute ends at its first NUL byte"
    XattrRangeLost "xattr-range-lost" "a value that is longer than the buffer is cut instead of refused"
    RemovedXattrListed "removed-xattr-listed" "the list of attributes has names that were removed"
}

impl Fault {
    /// The fault of this name.
    pub fn by_name(name: &str) -> Option<Fault> {
        Fault::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}

static PLANTED: LazyLock<Option<Fault>> = LazyLock::new(|| chosen().ok().flatten());

/// The fault that the environment names, if it names one.
///
/// # Errors
/// There is no fault of this name; the message has those that there are.
pub fn chosen() -> Result<Option<Fault>, Failure> {
    let Some(name) = std::env::var_os(VARIABLE) else { return Ok(None) };
    let fault = name.to_str().and_then(Fault::by_name);
    fault.map(Some).ok_or_else(|| {
        let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        Failure::Usage(format!("{VARIABLE}: no fault is called {}; there are {}", name.display(), names.join(", ")))
    })
}

/// A request that is served with the fault of the mount. The operations that no fault spoils are
/// those of [`Call`].
#[derive(Clone, Copy, Debug)]
pub struct Faulty<'a> {
    call: Call<'a>,
    fault: Option<Fault>,
}

impl<'a> Faulty<'a> {
    /// The request, served with the fault of the mount.
    pub fn new(call: Call<'a>) -> Self {
        let fault = *PLANTED;
        let caller = match fault {
            // Those of no thread.
            Some(Fault::GroupsIgnored) if call.caller.uid != 0 => Caller { tid: 0, ..call.caller },
            _ => call.caller,
        };
        Faulty { call: Call { caller, ..call }, fault }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The request as if the daemon itself made it.
    fn as_daemon(&self) -> Call<'a> {
        // Of which the first thread has every capability that is kept.
        Call { caller: Caller { uid: 0, gid: 0, tid: std::process::id() }, ..self.call }
    }
}

impl<'a> Deref for Faulty<'a> {
    type Target = Call<'a>;

    fn deref(&self) -> &Call<'a> {
        &self.call
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        for (index, fault) in Fault::ALL.iter().enumerate() {
            assert_eq!(Fault::by_name(fault.name()), Some(*fault));
            assert!(Fault::ALL[..index].iter().all(|other| other.name() != fault.name()));
        }
        assert_eq!(Fault::by_name("none"), None);
    }
}
