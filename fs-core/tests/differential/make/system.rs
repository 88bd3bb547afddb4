//! Questions about the system, by every name and by numbers that are none.

use crate::list::Case;

pub(super) fn cases() -> Vec<Case> {
    // What is free changes all the time.
    let names = fs_core::sysconf_names().filter(|(name, _)| *name != "SC_AVPHYS_PAGES");
    let sysconf = names.map(|(name, _)| format!(r#"sysconf("{name}")"#));
    let by_number = (0..8).chain([30, 84, 4711, -1]).map(|number| format!("sysconf({number})"));
    let confstr = fs_core::confstr_names().map(|(name, _)| format!(r#"confstr("{name}")"#));
    let others = [r#"sysconf("SC_NO_SUCH")"#, r#"confstr("CS_NO_SUCH")"#, "confstr(4711)", "confstr(-1)"];
    let others = others.into_iter().map(str::to_owned);
    let errors = (0..140).chain([-1, 4095, i32::MAX, i32::MIN]).map(|number| format!("strerror({number})"));
    let policies = (-1..8).flat_map(|policy| ["min", "max"].map(|end| format!("sched_get_priority_{end}({policy})")));
    vec![
        Case::new("system.sysconf", sysconf.chain(by_number).chain(others)),
        Case::new("system.confstr", confstr),
        Case::new("system.strerror", errors),
        Case::new("system.policies", policies),
    ]
}
