//! `%program()`: a program that a sequence may write to a file and run.
//!
//! It waits until something can be read from its standard input, or that ends, and exits. Its status has bit
//! 1 if its effective user is not its real one, and bit 2 if that is so of its group: what the
//! set-user-ID and set-group-ID bits of its file have done. It is a static ELF file without libraries,
//! made here of a few instructions for each architecture.

/// Where it is in memory; a multiple of every page size.
const BASE: u64 = 0x40_0000;
/// The sizes of the two headers.
const EHDR: u64 = 64;
const PHDR: u64 = 56;

/// `read(0, sp, 1)`, `geteuid`, `getuid`, `getegid`, `getgid`, `exit_group`: as `as` and `llvm-mc`
/// encode it, an instruction a line.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const CODE: (u16, &[u8]) = (62, &[
    0x31, 0xc0,                   // xor eax, eax      read
    0x31, 0xff,                   // xor edi, edi
    0x48, 0x89, 0xe6,             // mov rsi, rsp
    0xba, 0x01, 0x00, 0x00, 0x00, // mov edx, 1
    0x0f, 0x05,                   // syscall
    0xb8, 0x6b, 0x00, 0x00, 0x00, // mov eax, 107      geteuid
    0x0f, 0x05,                   // syscall
    0x89, 0xc3,                   // mov ebx, eax
    0xb8, 0x66, 0x00, 0x00, 0x00, // mov eax, 102      getuid
    0x0f, 0x05,                   // syscall
    0x31, 0xed,                   // xor ebp, ebp
    0x39, 0xc3,                   // cmp ebx, eax
    0x40, 0x0f, 0x95, 0xc5,       // setne bpl
    0xb8, 0x6c, 0x00, 0x00, 0x00, // mov eax, 108      getegid
    0x0f, 0x05,                   // syscall
    0x89, 0xc3,                   // mov ebx, eax
    0xb8, 0x68, 0x00, 0x00, 0x00, // mov eax, 104      getgid
    0x0f, 0x05,                   // syscall
    0x31, 0xff,                   // xor edi, edi
    0x39, 0xc3,                   // cmp ebx, eax
    0x40, 0x0f, 0x95, 0xc7,       // setne dil
    0x8d, 0x7c, 0x7d, 0x00,       // lea edi, [rbp+rdi*2]
    0xb8, 0xe7, 0x00, 0x00, 0x00, // mov eax, 231      exit_group
    0x0f, 0x05,                   // syscall
]);

#[cfg(target_arch = "aarch64")]
#[rustfmt::skip]
const CODE: (u16, &[u8]) = (183, &[
    0xe8, 0x07, 0x80, 0x52, // mov w8, #63         read
    0x00, 0x00, 0x80, 0xd2, // mov x0, #0
    0xe1, 0x03, 0x00, 0x91, // mov x1, sp
    0x22, 0x00, 0x80, 0xd2, // mov x2, #1
    0x01, 0x00, 0x00, 0xd4, // svc #0
    0xe8, 0x15, 0x80, 0x52, // mov w8, #175        geteuid
    0x01, 0x00, 0x00, 0xd4, // svc #0
    0xf3, 0x03, 0x00, 0x2a, // mov w19, w0
    0xc8, 0x15, 0x80, 0x52, // mov w8, #174        getuid
    0x01, 0x00, 0x00, 0xd4, // svc #0
    0x1f, 0x00, 0x13, 0x6b, // cmp w0, w19
    0xf4, 0x07, 0x9f, 0x1a, // cset w20, ne
    0x28, 0x16, 0x80, 0x52, // mov w8, #177        getegid
    0x01, 0x00, 0x00, 0xd4, // svc #0
    0xf3, 0x03, 0x00, 0x2a, // mov w19, w0
    0x08, 0x16, 0x80, 0x52, // mov w8, #176        getgid
    0x01, 0x00, 0x00, 0xd4, // svc #0
    0x1f, 0x00, 0x13, 0x6b, // cmp w0, w19
    0xe0, 0x07, 0x9f, 0x1a, // cset w0, ne
    0x80, 0x06, 0x00, 0x0b, // add w0, w20, w0, lsl #1
    0xc8, 0x0b, 0x80, 0x52, // mov w8, #94         exit_group
    0x01, 0x00, 0x00, 0xd4, // svc #0
]);

/// Elsewhere it is of no machine, and running it is `ENOEXEC`.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const CODE: (u16, &[u8]) = (0, &[]);

/// The bytes of its file.
pub(super) fn bytes() -> Vec<u8> {
    let (machine, code) = CODE;
    let size = EHDR + PHDR + code.len() as u64;
    let mut file = Vec::with_capacity(size as usize);
    // The header of the file: 64 bits, little-endian, Linux; an executable; one segment.
    file.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    file.extend(2_u16.to_le_bytes());
    file.extend(machine.to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    file.extend((BASE + EHDR + PHDR).to_le_bytes());
    file.extend(EHDR.to_le_bytes());
    file.extend(0_u64.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    for half in [EHDR as u16, PHDR as u16, 1, 64, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    // The segment: all of the file, to be read and executed.
    file.extend(1_u32.to_le_bytes());
    file.extend(5_u32.to_le_bytes());
    for word in [0, BASE, BASE, size, size, 0x1_0000] {
        file.extend(word.to_le_bytes());
    }
    file.extend(code);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_headers_are_as_long_as_they_say() {
        let file = bytes();
        let number = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
        assert_eq!(number(24) - BASE, EHDR + PHDR, "the first instruction");
        assert_eq!(number(64 + 32), file.len() as u64, "the size of the segment");
        assert_eq!(&file[(EHDR + PHDR) as usize..], CODE.1);
    }
}
