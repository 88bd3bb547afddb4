//! The environment. What writes it does so in a process of its own, which has one thread
//! besides the one that waits for it.
#![expect(unsafe_code, reason = "writing the environment, and starting a program with a strange one")]

use std::env;
use std::ffi::{CString, OsStr};
use std::process::Command;
use std::ptr;

use fs_core::{Errno, Error, environ, environb, getenv, getenvb, putenv, unsetenv};

use crate::support::in_child;

/// What a new program sees of a variable, as a shell shows it.
fn seen_by_a_program(name: &str) -> String {
    let script = format!("echo \"${{{name}-unset}}\"");
    let output = Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn what_is_written_reaches_the_map_and_new_programs_and_putenv_only_these() {
    in_child("environ::what_is_written_reaches_the_map_and_new_programs_and_putenv_only_these", || {
        let count = environ().len();
        // SAFETY: the other thread waits for this one.
        unsafe { environ().set("OSPREY_A", "1") }.unwrap();
        assert_eq!((getenv("OSPREY_A"), environ().len()), (Some("1".into()), count + 1));
        assert_eq!(getenvb(b"OSPREY_A"), Some(b"1".to_vec()));
        assert_eq!(environb().to_vec().last(), Some(&(b"OSPREY_A".to_vec(), b"1".to_vec())));
        assert_eq!(seen_by_a_program("OSPREY_A"), "1");

        // SAFETY: as above.
        unsafe { putenv("OSPREY_A", "2") }.unwrap();
        assert_eq!((getenv("OSPREY_A"), seen_by_a_program("OSPREY_A")), (Some("1".into()), "2".to_owned()));
        // SAFETY: as above.
        unsafe { unsetenv("OSPREY_A") }.unwrap();
        assert_eq!((getenv("OSPREY_A"), seen_by_a_program("OSPREY_A")), (Some("1".into()), "unset".to_owned()));

        // SAFETY: as above.
        unsafe { environb().set(b"OSPREY_B", b"\xff") }.unwrap();
        assert!(environ().contains_key("OSPREY_B") && environb().contains_key(b"OSPREY_B"));
        // SAFETY: as above.
        assert_eq!(unsafe { environb().remove(b"OSPREY_B") }, Ok(Some(b"\xff".to_vec())));
        assert_eq!((getenv("OSPREY_B"), env::var_os("OSPREY_B")), (None, None));
        assert_eq!(environb().len(), count + 1);
        assert!(!environ().is_empty() && !environb().is_empty());
    });
}

#[test]
fn removing_what_is_not_in_the_map_takes_it_from_the_c_library_all_the_same() {
    in_child("environ::removing_what_is_not_in_the_map_takes_it_from_the_c_library_all_the_same", || {
        assert_eq!(getenv("OSPREY_C"), None);
        // SAFETY: the other thread waits for this one.
        unsafe { putenv("OSPREY_C", "1") }.unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { environ().remove("OSPREY_C") }, Ok(None));
        assert_eq!(env::var_os("OSPREY_C"), None);
    });
}

#[test]
fn names_that_the_environment_cannot_hold_are_refused_as_python_refuses_them() {
    in_child("environ::names_that_the_environment_cannot_hold_are_refused_as_python_refuses_them", || {
        let invalid = Error::Os(Errno::INVAL);
        for (name, value, expected) in [
            ("", "v", invalid),
            ("a=b", "v", Error::Invalid("the name of a variable holds `=`")),
            ("a\0b", "v", Error::EmbeddedNul),
            ("a", "v\0", Error::EmbeddedNul),
        ] {
            // SAFETY: the other thread waits for this one.
            assert_eq!(unsafe { putenv(name, value) }, Err(expected), "{name:?}");
            // SAFETY: as above.
            assert_eq!(unsafe { environ().set(name, value) }, Err(expected), "{name:?}");
        }
        for (name, expected) in [("", invalid), ("a=b", invalid), ("a\0b", Error::EmbeddedNul)] {
            // SAFETY: as above.
            assert_eq!(unsafe { unsetenv(name) }, Err(expected), "{name:?}");
            // SAFETY: as above.
            assert_eq!(unsafe { environ().remove(name) }, Err(expected), "{name:?}");
        }
        // SAFETY: as above.
        assert_eq!(unsafe { unsetenv("OSPREY_NEVER_SET") }, Ok(()));
    });
}

#[test]
fn writing_raises_the_events_of_putenv_and_unsetenv_and_a_refusal_writes_nothing() {
    use fs_core::audit::{self, Arg, Verdict};
    in_child("environ::writing_raises_the_events_of_putenv_and_unsetenv_and_a_refusal_writes_nothing", || {
        environ();
        let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let hook = audit::install({
            let heard = std::sync::Arc::clone(&heard);
            move |event, args| {
                let bytes = |arg: &Arg<'_>| matches!(arg, Arg::Bytes(_));
                heard.lock().unwrap().push(format!("{event} {} {}", args.len(), args.iter().all(bytes)));
                Verdict::Refuse
            }
        });
        // SAFETY: the other thread waits for this one.
        assert_eq!(unsafe { putenv("OSPREY_D", "1") }, Err(Error::Refused));
        // SAFETY: as above.
        assert_eq!(unsafe { environ().set("OSPREY_D", "1") }, Err(Error::Refused));
        // SAFETY: as above.
        assert_eq!(unsafe { unsetenv("PATH") }, Err(Error::Refused));
        // SAFETY: as above.
        assert_eq!(unsafe { environ().remove("PATH") }, Err(Error::Refused));
        drop(hook);
        let (put, unset) = ("os.putenv 2 true", "os.unsetenv 1 true");
        assert_eq!(*heard.lock().unwrap(), [put, put, unset, unset]);
        assert_eq!((env::var_os("OSPREY_D"), getenv("OSPREY_D")), (None, None));
        assert!(env::var_os("PATH").is_some() && getenv("PATH").is_some());
    });
}

/// Runs this test again with exactly these strings as its environment, which no safe
/// function makes: duplicates, and strings that are no variables. Returns how it ended.
fn start_with(strings: &[&str], test: &str) -> i32 {
    let c = |text: &OsStr| CString::new(text.as_encoded_bytes()).unwrap();
    let program = c(env::current_exe().unwrap().as_os_str());
    let args = [program.clone(), c("--exact".as_ref()), c(test.as_ref()), c("--test-threads=1".as_ref())];
    let strings: Vec<_> = strings.iter().map(|text| c(text.as_ref())).collect();
    let pointers = |list: &[CString]| -> Vec<_> {
        list.iter().map(|text| text.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
    };
    let (argv, envp) = (pointers(&args), pointers(&strings));
    let mut pid = 0;
    let (none, no_attributes) = (ptr::null(), ptr::null());
    // SAFETY: the arrays end with null pointers, and their strings outlive the call.
    let result =
        unsafe { libc::posix_spawn(&raw mut pid, program.as_ptr(), none, no_attributes, argv.as_ptr(), envp.as_ptr()) };
    assert_eq!(result, 0);
    let mut status = 0;
    // SAFETY: the child is ours, and nobody else waits for it.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    status
}

#[test]
fn the_first_of_two_counts_no_equals_sign_is_no_variable_and_a_name_may_be_empty() {
    let name = "environ::the_first_of_two_counts_no_equals_sign_is_no_variable_and_a_name_may_be_empty";
    if env::var_os("OSPREY_STRANGE").is_some() {
        let pairs = environ().to_vec();
        let expected = [("OSPREY_STRANGE", "1"), ("A", "1"), ("", "x=y"), ("B", "")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.into(), value.into())));
        assert_eq!(getenv("A"), Some("1".into()));
        assert_eq!(getenvb(b""), Some(b"x=y".to_vec()));
        // A status of its own, so that "no such test" is not taken for success.
        std::process::exit(42);
    }
    let strings = ["OSPREY_STRANGE=1", "A=1", "A=2", "no variable", "=x=y", "B="];
    assert_eq!(start_with(&strings, name), 42 << 8);
}
