//! A trace for other programs.

use std::io::Write;

use crate::exit::Failure;
use crate::trace::Reader;

/// Writes each whole line as it stands, once it has been read without error; false, if who reads
/// what is written has seen enough.
pub(super) fn jsonl(reader: &mut Reader, out: &mut impl Write, name: &str) -> Result<bool, Failure> {
    let written = |result: std::io::Result<()>| match result {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::io(name, &error)),
        Ok(()) => Ok(true),
    };
    while let Some(line) = reader.next_line()? {
        if !written(out.write_all(&line.text).and_then(|()| out.write_all(b"\n")))? {
            return Ok(false);
        }
    }
    written(out.flush())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_was_read() {
        let text = concat!(
            r#"{"seq":1,"t_ns":5,"dur_ns":2,"op":"open","path":"a\\xff","path_escaped":true,"ret":0,"pid":1,"tid":1,"uid":0,"gid":0,"comm":"x","#,
            r#""later":[1.50,18446744073709551616]}"#,
            "\n"
        );
        let mut out = Vec::new();
        jsonl(&mut Reader::new("t", text.as_bytes()), &mut out, "out").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}
