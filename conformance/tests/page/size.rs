//! Tens of thousands of results: the page stays small, and only what is looked at is in
//! the document.

use std::fs;
use std::time::Instant;

use conformance::event::{CaseResult, Event, Status};

use crate::browser::Browser;
use crate::logs::{Desk, result, run, step};

/// 20,000 cases on two targets: a thousand by themselves, and products.
fn large() -> Vec<Event> {
    let mut results = Vec::new();
    for case in 0..20_000 {
        let (call, number) = (case % 40, case / 40);
        let id = match number {
            0..25 => format!("call{call}.case_{number}"),
            _ => format!("call{call}.product_{}.{}.{}.x", number / 200, number / 15, number % 15),
        };
        let mut steps = vec![step(&format!("open path=src_{number} flags=CREAT|WRONLY mode=0644 -> fd=1"), None, "ok")];
        for time in 0..2 {
            let time = 1_795_656_378_057_936_617_u64 + 1_000_003 * case + time;
            let got = format!(
                "ok type=file mode=0640 ino={case} dev=65024 nlink=1 uid=0 gid=0 rdev=0 size=0 blocks=0 blksize=4096 atime_ns={time} mtime_ns={time} ctime_ns={time}"
            );
            steps.push(step("stat path=f", Some("type=file mode=0640"), &got));
        }
        for target in ["ext4", "newfs"] {
            let status = if case % 977 == 0 && target == "newfs" { Status::Fail } else { Status::Pass };
            let reason = (status == Status::Fail).then(|| "step 3: expected type=file, got ENOENT".to_owned());
            results.push(CaseResult { reason, ..result(&id, target, status, &steps) });
        }
    }
    run(&["ext4", "newfs"], results)
}

#[test]
fn forty_thousand_results_are_a_small_page_that_draws_what_is_looked_at() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    desk.log("large.jsonl", &large());
    let page = desk.page(&["large.jsonl"]);
    let size = fs::metadata(&page).unwrap().len();
    assert!(size < 8_000_000, "{size}");

    let start = Instant::now();
    browser.open(&page, "");
    let loaded = start.elapsed();
    let elements = "document.querySelectorAll('*').length";
    let count = |browser: &mut Browser| browser.run(elements).as_u64().unwrap();
    assert_eq!(browser.text("document.querySelector('#found').textContent"), "All 20,000 cases.");
    assert!(count(&mut browser) < 3_000, "{}", count(&mut browser));

    browser.click("#expand");
    browser.wait_for("document.querySelectorAll('.cell').length > 0");
    assert!(count(&mut browser) < 20_000, "{}", count(&mut browser));
    // The end is drawn when it is come to.
    browser.run("scrollTo(0, document.body.scrollHeight)");
    browser.wait_for("[...document.querySelectorAll('#matrix > tbody')].at(-1).querySelectorAll('.cell').length > 0");

    let start = Instant::now();
    browser.click("#unpassed");
    browser.wait_for("document.querySelector('#found').textContent === '21 of 20,000 cases.'");
    let filtered = start.elapsed();
    // What is to be drawn later is drawn for the printer.
    browser.open(&page, "q=call1.*");
    browser.click("#expand");
    let rooms = "document.querySelectorAll('.room').length";
    assert!(browser.run(rooms).as_u64().unwrap() > 0);
    browser.run("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.run(rooms), 0);
    assert_eq!(browser.run("document.querySelectorAll('.cell').length >= 500"), true);

    // A second or two on a machine that is idle; this one may be busy.
    assert!(loaded.as_secs() < 20 && filtered.as_secs() < 20, "{loaded:?} {filtered:?}");
    println!("{size} bytes; loaded in {loaded:?}, filtered in {filtered:?}");
    browser.finish();
}
