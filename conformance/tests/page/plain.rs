//! The page without a script, and what stands at its top.

use conformance::event::Event;
use serde_json::json;

use crate::browser::Browser;
use crate::logs::{Desk, begin, result, run, sample};
use conformance::event::Status;

#[test]
fn without_a_script_every_result_can_be_read() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    let page = desk.sample_page();
    browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    browser.open(&page, "");
    assert_eq!(browser.run("document.querySelector('#app').hidden"), true);
    assert_eq!(browser.run("document.querySelectorAll('.plain tbody tr').length"), 23);
    let row = |id: &str| {
        format!(
            "(() => {{ const row = [...document.querySelectorAll('.plain tbody tr')].find((e) => e.cells[0].textContent.trim() === '{id}'); \
             return [...row.cells].map((e) => e.textContent.trim()); }})()"
        )
    };
    assert_eq!(browser.texts(&row("rename.types.file.dir.self")), ["rename.types.file.dir.self", "✓", "✓"]);
    let excused = browser.texts(&row("open.keeps_mode"));
    assert!(excused[2].starts_with("F* FAIL step 1: expected mode=0644"), "{excused:?}");
    assert!(excused[2].contains("Excused: It has no modes."), "{excused:?}");
    // It is a table that can be seen: what failed is open.
    assert_eq!(browser.run("document.querySelector('.plain td').getBoundingClientRect().height > 0"), true);
    browser.finish();
}

#[test]
fn the_top_says_what_was_run_where_and_how_it_ended() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "");
    assert_eq!(browser.text("document.title"), "Conformance: ext4, newfs");
    let verdict = browser.text("document.querySelector('.verdict').textContent");
    assert_eq!(verdict, "46 results on 2 targets: 9 not passed, 1 more excused, 1 skipped.");
    let counts = "[...document.querySelectorAll('.counts tbody tr')].map((row) => [...row.cells].map((e) => e.textContent.trim()).join(' '))";
    assert_eq!(browser.texts(counts), ["ext4 23 0 0 0 0 0 0 1.50 s", "newfs 12 7 1 1 1 1 1 1.50 s"]);
    let places = browser.texts("[...document.querySelectorAll('.place')].map((e) => e.textContent)");
    for part in [
        "newfs",
        "/dev/vdb",
        "rw, relatime",
        "/mnt/newfs",
        "Linux 6.18.0, x86_64",
        "2026-11-26 01:25:52 UTC",
        "user 0",
        "chroot",
        "conformance 0.1.0",
        "sample.jsonl",
        "1 of 2 needs of cases are not met",
        "rename_exchange",
        "it gives `EINVAL` here",
    ] {
        assert!(places[1].contains(part), "{part}: {}", places[1]);
    }
    assert!(places[0].contains("All 2 needs of cases are met."), "{}", places[0]);
    browser.finish();
}

#[test]
fn a_run_that_was_cut_short_is_shown_as_far_as_it_came() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    let mut events = sample();
    events.truncate(12);
    desk.log("cut.jsonl", &events);
    // Killed while it wrote a line.
    let mut text = std::fs::read_to_string(desk.path("cut.jsonl")).unwrap();
    text.push_str("{\"type\":\"case\",\"id\":\"rena");
    std::fs::write(desk.path("cut.jsonl"), text).unwrap();
    browser.open(&desk.page(&["cut.jsonl"]), "q=rename.types.missing.full.other");
    let told = browser.text("document.querySelector('.counts').textContent");
    assert!(told.contains("incomplete: 6 of 23 cases") && told.contains("incomplete: 5 of 23 cases"), "{told}");
    assert_eq!(browser.run("document.querySelectorAll('.place .note').length"), 2);
    // A case that only one of the targets came to.
    browser.open(&desk.path("page.html"), "list=1&open=rename,rename.types");
    browser.wait_for("document.querySelectorAll('.cell').length === 11");
    assert_eq!(browser.run("document.querySelectorAll('#matrix [title=\"not run\"]').length"), 1);
    browser.finish();
}

#[test]
fn columns_of_several_logs_are_told_apart() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    let log = |name: &str, kernel: &str, id: &str| {
        let mut events = run(&["ext4"], vec![result(id, "ext4", Status::Pass, &[])]);
        if let Event::Begin(begin) = &mut events[0] {
            begin.kernel = kernel.to_owned();
        }
        desk.log(name, &events);
    };
    log("a.jsonl", "Linux 6.1", "open.a");
    log("b.jsonl", "Linux 6.18", "open.b");
    log("c.jsonl", "Linux 6.18", "link.c");
    desk.log("empty.jsonl", &[Event::Begin(begin(&["tmpfs"], 3))]);
    browser.open(&desk.page(&["a.jsonl", "b.jsonl", "c.jsonl", "empty.jsonl"]), "");
    let names =
        browser.texts("[...document.querySelectorAll('#matrix > thead th')].map((e) => e.textContent).slice(1)");
    assert_eq!(names, ["ext4 Linux 6.1", "ext4 Linux 6.18 b", "ext4 Linux 6.18 c", "tmpfs"]);
    let calls = browser.texts("[...document.querySelectorAll('#matrix .toggle')].map((e) => e.textContent)");
    assert_eq!(calls, ["open", "link"]);
    browser.finish();
}
