//! The fields of outcomes in C: the expressions for their values, after the call.

/// Where a field's value is.
pub(super) enum Value {
    Number(String),
    /// A number that is there where the condition holds.
    NumberIf(String, String),
    Mode(String),
    Word(String),
    /// The address and the length.
    Bytes(String, String),
    /// Names that the call collected.
    Names,
}

pub(super) fn data_fields() -> Vec<(&'static str, Value)> {
    vec![("count", number("count")), ("data", data("data", "count"))]
}

pub(super) fn number(expression: &str) -> Value {
    Value::Number(expression.to_owned())
}

pub(super) fn data(address: &str, length: &str) -> Value {
    Value::Bytes(address.to_owned(), length.to_owned())
}

pub(super) fn stat_fields() -> Vec<(&'static str, Value)> {
    let mut fields = vec![
        ("type", Value::Word("file_type(st.st_mode)".to_owned())),
        ("mode", Value::Mode("st.st_mode & 07777".to_owned())),
    ];
    let plain = ["ino", "dev", "nlink", "uid", "gid", "rdev", "size", "blocks", "blksize"];
    fields.extend(plain.map(|name| (name, Value::Number(format!("st.st_{name}")))));
    fields.extend([
        ("atime_ns", number("ns(st.st_atim)")),
        ("mtime_ns", number("ns(st.st_mtim)")),
        ("ctime_ns", number("ns(st.st_ctim)")),
    ]);
    fields
}

pub(super) fn statx_fields() -> Vec<(&'static str, Value)> {
    let mut fields = vec![
        ("type", Value::Word("file_type(stx.stx_mode)".to_owned())),
        ("mode", Value::Mode("stx.stx_mode & 07777".to_owned())),
        ("dev", number("makedev(stx.stx_dev_major, stx.stx_dev_minor)")),
        ("rdev", number("makedev(stx.stx_rdev_major, stx.stx_rdev_minor)")),
    ];
    let plain = ["ino", "nlink", "uid", "gid", "size", "blocks", "blksize", "attributes"];
    fields.extend(plain.map(|name| (name, Value::Number(format!("stx.stx_{name}")))));
    fields.extend([
        ("atime_ns", number("ns(stx.stx_atime)")),
        ("mtime_ns", number("ns(stx.stx_mtime)")),
        ("ctime_ns", number("ns(stx.stx_ctime)")),
        ("btime_ns", told("ns(stx.stx_btime)", "STATX_BTIME")),
        ("mnt_id", told("stx.stx_mnt_id", "STATX_MNT_ID")),
    ]);
    fields
}

/// A field that the file system or the kernel may not have.
pub(super) fn told(expression: &str, bit: &str) -> Value {
    Value::NumberIf(expression.to_owned(), format!("stx.stx_mask & {bit}"))
}

pub(super) fn statvfs_fields() -> Vec<(&'static str, Value)> {
    let plain = ["bsize", "frsize", "blocks", "bfree", "bavail", "files", "ffree", "favail", "namemax"];
    let mut fields: Vec<_> = plain.map(|name| (name, Value::Number(format!("vfs.f_{name}")))).into();
    fields.push(("flags", Value::Word("mount_flags(vfs.f_flag)".to_owned())));
    fields
}
