//! Functions with numbers at and beyond the ends of C's types.

use crate::list::Case;

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "-2",
    "255",
    "0o7777",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967294",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "1e3",
    "None",
    "True",
    r#""1""#,
];

/// Calls with a hole for the number. `w` is a file open for reading and writing.
const CALLS: &[&str] = &[
    r#"chmod("f", {})"#,
    r#"chmod("f", {}, follow_symlinks=False)"#,
    "fchmod(w, {})",
    r#"chown("f", {}, -1)"#,
    r#"chown("f", -1, {})"#,
    r#"lchown("lf", {}, {})"#,
    "fchown(w, -1, {})",
    r#"access("f", {})"#,
    r#"mkdir("new", {})"#,
    r#"makedirs("new/er", {})"#,
    r#"mkfifo("new", {})"#,
    r#"mknod("new", {})"#,
    r#"mknod("new", 0o020644, {})"#,
    r#"mknod("new", 0o010644, {})"#,
    r#"open("f", {})"#,
    r#"open("new", O_CREAT | O_RDWR, {})"#,
    r#"truncate("f", {})"#,
    "ftruncate(w, {})",
    "lseek(w, {}, SEEK_SET)",
    "lseek(w, {}, SEEK_CUR)",
    "lseek(w, {}, SEEK_END)",
    "lseek(w, {}, SEEK_DATA)",
    "lseek(w, {}, SEEK_HOLE)",
    "lseek(w, 0, {})",
    "pread(w, 3, {})",
    r#"pwrite(w, b"x", {})"#,
    "preadv(w, [bytearray(3)], {})",
    "preadv(w, [bytearray(3)], 0, {})",
    r#"pwritev(w, [b"x"], {})"#,
    r#"pwritev(w, [b"x"], 0, {})"#,
    "sendfile(g, w, {}, 3)",
    "copy_file_range(w, g, 3, {})",
    "copy_file_range(w, g, 3, None, {})",
    "copy_file_range(w, g, {})",
    "posix_fallocate(w, {}, 9)",
    "posix_fadvise(w, {}, 9, 0)",
    "posix_fadvise(w, 0, {}, 0)",
    "posix_fadvise(w, 0, 0, {})",
    "lockf(w, F_TLOCK, {})",
    "lockf(w, F_TEST, {})",
    "lockf(w, F_ULOCK, {})",
    "lockf(w, {}, 0)",
    "pipe2({})",
    r#"memfd_create("m", {})"#,
    "umask({})",
    r#"setxattr("f", "user.a", b"v", {})"#,
    r#"pathconf("f", {})"#,
    "fpathconf(w, {})",
    "major({})",
    "minor({})",
    "makedev({}, 1)",
    "makedev(1, {})",
    r#"utime("f", ({}, 0))"#,
    r#"utime("f", ns=(0, {}))"#,
    "set_inheritable(w, {})",
    "set_blocking(w, {})",
    "fstat({} )",
    r#"stat("f", dir_fd={})"#,
    r#"makedirs("d", 0o777, {})"#,
    "closerange(5000, {})",
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (index, call) in CALLS.iter().enumerate() {
        for number in NUMBERS {
            if is_too_much(call, number) {
                continue;
            }
            let name: String = call.chars().take_while(|c| *c != '(').collect();
            let call = call.replace("{}", number);
            // The mask of the process shows in what it cuts.
            let probe = if name == "umask" { r#"mkdir("cut")"# } else { "getcwd()" };
            let open = [r#"w = open("f", O_RDWR)"#, r#"g = open("d/x", O_RDWR)"#];
            let steps = open.into_iter().chain([call.as_str(), probe]);
            cases.push(Case::new(format!("{name}.number.{index}.{}", number.replace('"', "'")), steps));
        }
    }
    cases
}

/// What would fill a disk, or close what others have open.
fn is_too_much(call: &str, number: &str) -> bool {
    let is_large = number.len() > 6 && !number.starts_with('-');
    match call {
        call if call.starts_with("posix_fallocate") => is_large && number.len() < 15,
        // Descriptors of the process itself.
        call if call.starts_with("fstat") => matches!(number, "0" | "1" | "255" | "True"),
        call if call.starts_with("closerange") => is_large,
        _ => false,
    }
}
