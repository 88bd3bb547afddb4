//! Constants, by the numbers and texts that CPython has for them.

use fs_core::{ALTSEP, CURDIR, DEFPATH, DEVNULL, EXTSEP, LINESEP, NAME, PARDIR, PATHSEP, SEP, SUPPORTS_BYTES_ENVIRON};
use fs_core::{EX_CONFIG, EX_OK, EX_USAGE, RTLD_GLOBAL, RTLD_LAZY, RTLD_LOCAL, RTLD_NOW, constant};

use crate::support::python;

#[test]
fn numbers_are_those_of_cpython() {
    let script = "import os\nfor name in dir(os):\n if name.startswith(('EX_', 'RTLD_', 'PRIO_', 'SCHED_', 'GRND_')): print(name, int(getattr(os, name)))";
    let Some(words) = python(script) else { return };
    assert!(words.len() > 2 * (16 + 7), "{words:?}");
    for pair in words.chunks(2) {
        // Later than the document.
        if ["GRND_INSECURE", "SCHED_DEADLINE", "SCHED_NORMAL"].contains(&pair[0].as_str()) {
            continue;
        }
        assert_eq!(constant(&pair[0]), Ok(pair[1].parse().unwrap()), "{}", pair[0]);
    }
}

#[test]
fn texts_are_those_of_cpython() {
    let script = "import os\nfor name in 'name curdir pardir sep altsep extsep pathsep defpath linesep devnull supports_bytes_environ'.split(): print(repr(getattr(os, name)))";
    let Some(words) = python(script) else { return };
    let altsep = ALTSEP.map_or("None".to_owned(), |text| format!("'{text}'"));
    let quoted = |text: &str| format!("'{}'", text.escape_default());
    let bytes = if SUPPORTS_BYTES_ENVIRON { "True" } else { "False" }.to_owned();
    let mut texts: Vec<_> = [NAME, CURDIR, PARDIR, SEP].map(quoted).into();
    texts.push(altsep);
    texts.extend([EXTSEP, PATHSEP, DEFPATH, LINESEP, DEVNULL].map(quoted));
    texts.push(bytes);
    assert_eq!(texts, words);
}

#[test]
fn numbers_are_those_of_the_headers() {
    // /usr/include/sysexits.h, bits/dlfcn.h
    assert_eq!((EX_OK, EX_USAGE, EX_CONFIG), (0, 64, 78));
    assert_eq!((RTLD_LAZY, RTLD_NOW, RTLD_LOCAL), (1, 2, 0));
    assert_eq!(constant("RTLD_GLOBAL"), Ok(RTLD_GLOBAL.into()));
}
