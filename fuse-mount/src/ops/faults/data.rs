//! Faults of files: opening them, their bytes and their storage.

use fs_core::linux::FallocateFlags;
use fs_core::{Errno, Follow, OFlags, fstat};

use super::memory::memory;
use super::names::modified;
use super::{Fault, Faulty};
use crate::ops::{File, OpenFile, Opened, Opens, Write};

impl Faulty<'_> {
    /// See [`Call::open`](super::Call::open).
    pub fn open(&self, ino: u64, flags: u32, opens: Opens) -> Result<Opened<OpenFile>, Errno> {
        let lost = if self.has(Fault::TruncationLost) { OFlags::TRUNC.bits() } else { 0 };
        let opened = self.call.open(ino, flags & !lost, opens)?;
        self.note_opening(&opened)?;
        Ok(opened)
    }

    /// Takes note of a file as it is opened.
    pub(super) fn note_opening(&self, opened: &Opened<OpenFile>) -> Result<(), Errno> {
        match self.fault {
            Some(Fault::AppendAtTheOldEnd) => {
                memory().ends.insert(
                    File::Open(opened.number),
                    fstat(&*self.source_of(&opened.handle)?)?.st_size().cast_unsigned(),
                );
            }
            Some(Fault::ReaderKeepsOldData) if !opened.handle.writes() => {
                let mut bytes = vec![0; 1 << 16];
                let file = self.reopened(opened.handle.node.ino, OFlags::RDONLY | OFlags::NOATIME)?;
                let count = fs_core::pread(&file, &mut bytes, 0)?;
                bytes.truncate(count);
                memory().contents.insert(File::Open(opened.number), bytes);
            }
            _ => {}
        }
        Ok(())
    }

    /// See [`Call::read`](super::Call::read).
    pub fn read(&self, file: File, offset: u64, data: &mut [u8], flags: u32) -> Result<usize, Errno> {
        let handle = self.file(file)?;
        if let Some(other) = self.replacement(&handle.node) {
            return Ok(fs_core::pread(&self.reopened(other, OFlags::RDONLY)?, data, offset)?);
        }
        match self.fault {
            Some(Fault::ShortReads) => {
                let most = data.len().min(1000);
                self.call.read(file, offset, &mut data[..most], flags)
            }
            Some(Fault::ReaderKeepsOldData) if !handle.writes() => {
                let memory = memory();
                let old = memory.contents.get(&file).map_or(&[][..], Vec::as_slice);
                let rest = old.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
                let count = rest.len().min(data.len());
                data[..count].copy_from_slice(&rest[..count]);
                Ok(count)
            }
            _ => self.call.read(file, offset, data, flags),
        }
    }

    /// See [`Call::write`](super::Call::write).
    pub fn write(&self, file: File, offset: u64, data: &[u8], how: Write) -> Result<usize, Errno> {
        let Some(fault) = self.fault else { return self.call.write(file, offset, data, how) };
        match fault {
            Fault::SetIdKeptByWrite => self.call.write(file, offset, data, Write { clears_set_id: false, ..how }),
            Fault::OffsetOf32Bits => self.call.write(file, offset & u64::from(u32::MAX), data, how),
            Fault::AppendAtTheOldEnd if how.flags & OFlags::APPEND.bits() != 0 => {
                let end = memory().ends.get(&file).copied().unwrap_or_default();
                let how = Write { flags: how.flags & !OFlags::APPEND.bits(), ..how };
                let count = self.call.write(file, end, data, how)?;
                memory().ends.insert(file, end + count as u64);
                Ok(count)
            }
            Fault::WriteKeepsTimes => {
                let handle = self.file(file)?;
                let before = fstat(&*self.source_of(&handle)?)?;
                let count = self.call.write(file, offset, data, how)?;
                self.worker
                    .at(&*self.source_of(&handle)?, |file| fs_core::utime(file, modified(&before), Follow::Yes))?;
                Ok(count)
            }
            _ => self.call.write(file, offset, data, how),
        }
    }

    /// See [`Call::fsync`](super::Call::fsync).
    pub fn fsync(&self, file: File, datasync: bool) -> Result<(), Errno> {
        if self.has(Fault::FsyncWantsWriting) && !self.file(file)?.writes() {
            return Err(Errno::BADF);
        }
        self.call.fsync(file, datasync)
    }

    /// See [`Call::fallocate`](super::Call::fallocate).
    pub fn fallocate(&self, file: File, mode: u32, offset: i64, length: i64) -> Result<(), Errno> {
        let flags = FallocateFlags::from_bits_retain(mode);
        match self.fault {
            Some(Fault::KeepSizeIgnored) if flags == FallocateFlags::KEEP_SIZE => {
                self.call.fallocate(file, 0, offset, length)
            }
            Some(Fault::PunchLeavesBytes) if flags.contains(FallocateFlags::PUNCH_HOLE) => Ok(()),
            _ => self.call.fallocate(file, mode, offset, length),
        }
    }

    /// See [`Call::lseek`](super::Call::lseek).
    pub fn lseek(&self, file: File, offset: i64, whence: i32) -> Result<u64, Errno> {
        let found = self.call.lseek(file, offset, whence)?;
        let is_hole = self.has(Fault::HoleWhereDataIs) && whence == libc::SEEK_HOLE;
        Ok(if is_hole { offset.cast_unsigned() } else { found })
    }

    /// See [`Call::copy_file_range`](super::Call::copy_file_range).
    pub fn copy_file_range(&self, src: (File, u64), dst: (File, u64), length: u64) -> Result<u32, Errno> {
        let dst = if self.has(Fault::CopyToTheStart) { (dst.0, 0) } else { dst };
        self.call.copy_file_range(src, dst, length)
    }
}
