//! The tables of limits and texts, and what the C library answers for each name.

use fs_core::{CONFSTR_NAMES, Errno, Error, PATHCONF_NAMES, SYSCONF_NAMES};
use fs_core::{confstr, confstr_names, sysconf, sysconf_names};

use crate::support::python;

#[test]
fn the_names_and_their_numbers_are_those_of_cpython() {
    for (table, known) in
        [("sysconf_names", SYSCONF_NAMES), ("confstr_names", CONFSTR_NAMES), ("pathconf_names", PATHCONF_NAMES)]
    {
        let script = format!("import os\nfor item in sorted(os.{table}.items()): print(*item)");
        let Some(words) = python(&script) else { return };
        let theirs: Vec<_> = words.chunks(2).map(|pair| (pair[0].as_str(), pair[1].parse().unwrap())).collect();
        assert_eq!(theirs, known, "{table}");
    }
}

#[test]
fn the_tables_are_in_order_and_hold_what_the_headers_have() {
    assert!(SYSCONF_NAMES.is_sorted() && CONFSTR_NAMES.is_sorted());
    assert_eq!((sysconf_names().len(), confstr_names().len()), (135, 27));
    let number = |table: &[(&str, i32)], name| table.iter().find(|(known, _)| *known == name).unwrap().1;
    // bits/confname.h
    assert_eq!(number(SYSCONF_NAMES, "SC_OPEN_MAX"), 4);
    assert_eq!(number(SYSCONF_NAMES, "SC_MINSIGSTKSZ"), 249);
    assert_eq!(number(CONFSTR_NAMES, "CS_LFS_CFLAGS"), 1000);
    assert_eq!(number(CONFSTR_NAMES, "CS_XBS5_LPBIG_OFFBIG_LINTFLAGS"), 1115);
}

#[test]
fn limits_are_what_cpython_is_told_and_none_is_its_minus_one() {
    // What changes from moment to moment, or from process to process, is left out.
    let moving = ["SC_AVPHYS_PAGES", "SC_CHILD_MAX", "SC_OPEN_MAX", "SC_ARG_MAX"];
    let script = "import os
for name in sorted(os.sysconf_names):
 try: print(name, os.sysconf(name))
 except OSError as error: print(name, f'errno={error.errno}')";
    let Some(words) = python(script) else { return };
    let mut count = 0;
    for pair in words.chunks(2) {
        let [name, theirs] = pair else { panic!("{words:?}") };
        let own = match sysconf(name.as_str()) {
            Ok(limit) => limit.unwrap_or(-1).to_string(),
            Err(error) => format!("errno={}", error.errno().raw_os_error()),
        };
        if !moving.contains(&name.as_str()) {
            assert_eq!(own, *theirs, "{name}");
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn no_limit_is_none_and_an_unknown_number_is_an_error_whatever_errno_was_before() {
    assert_eq!(sysconf("SC_PAGESIZE").unwrap(), Some(rustix::param::page_size() as i64));
    for _ in 0..2 {
        // The first leaves an errno behind; the second must not take it for its own.
        assert_eq!(sysconf(4711), Err(Error::Os(Errno::INVAL)));
        assert_eq!(sysconf("SC_XBS5_ILP32_OFF32"), Ok(None));
        assert_eq!(confstr(4711), Err(Error::Os(Errno::INVAL)));
        assert_eq!(confstr("CS_LFS_LIBS"), Ok(Some("".into())));
    }
    assert!(matches!(sysconf("SC_NO_SUCH"), Err(Error::Invalid(_))));
    assert!(matches!(confstr("CS_NO_SUCH"), Err(Error::Invalid(_))));
    // The names of one table are not those of another.
    assert!(matches!(sysconf("PC_NAME_MAX"), Err(Error::Invalid(_))));
}

#[test]
fn texts_are_what_cpython_is_told() {
    let script = "import os\nfor name in sorted(os.confstr_names):\n print(repr(os.confstr(name)).replace(' ', '~'))";
    let Some(words) = python(script) else { return };
    assert_eq!(words.len(), CONFSTR_NAMES.len());
    for ((name, _), theirs) in confstr_names().zip(words) {
        let own = confstr(name).unwrap().map(|text| text.into_string().unwrap());
        let own = own.map_or("None".to_owned(), |text| format!("'{}'", text.escape_default()));
        assert_eq!(own.replace(' ', "~").replace("\\n", "~"), theirs.replace("\\n", "~"), "{name}");
    }
}
