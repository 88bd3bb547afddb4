//! Filters, and the addresses that link a view.

use crate::browser::Browser;
use crate::logs::Desk;

fn found(browser: &mut Browser) -> String {
    browser.text("document.querySelector('#found').textContent")
}

fn fragment(browser: &mut Browser) -> String {
    browser.text("location.hash")
}

/// Opens the sample with a fragment, and gives how many cases are left.
fn left(browser: &mut Browser, desk: &Desk, fragment: &str) -> String {
    browser.open(&desk.path("page.html"), fragment);
    found(browser)
}

#[test]
fn each_filter_lets_through_what_it_says() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    desk.sample_page();
    let mut check = |fragment: &str, wanted: &str| {
        let wanted = if wanted.ends_with('.') { wanted.to_owned() } else { format!("{wanted} of 23 cases.") };
        assert_eq!(left(&mut browser, &desk, fragment), wanted, "{fragment}");
    };
    check("", "All 23 cases.");
    check("q=rename", "19");
    check("q=rename.types.dir", "6");
    check("q=rename.*.full", "6");
    check("q=rename.*.f?ll.self", "3");
    check("q=*.full", "6");
    check("q=full self", "3");
    check("q=EXCHANGE either absent", "1");
    check("q=what may replace", "18");
    check("q=did not return", "1");
    check("q=nothing like it", "No case is like that.");
    check("q=(", "No case is like that.");
    check("status=FAIL", "7");
    check("status=FAIL,SKIP", "8");
    check("status=PASS", "All 23 cases.");
    check("class=posix-shall", "18");
    check("class=linux-man", "5");
    check("class=linux-man,posix-shall", "All 23 cases.");
    check("clause=rename(2)", "1");
    check("errno=EIO", "6");
    check("errno=ENOENT", "13");
    check("errno=renameat ENOTEMPTY", "6");
    // No manual page has it.
    check("errno=renameat EIO", "No case is like that.");
    check("differences=1", "11");
    check("unpassed=1", "10");
    check("unpassed=1&counted=1", "9");
    check("differences=1&status=SKIP", "1");
    check("cause=It is none of this page", "No case is like that.");
    browser.finish();
}

#[test]
fn what_is_typed_and_ticked_filters_and_stands_in_the_address() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "");
    browser.click("#q");
    browser.enter("rename.*");
    browser.wait_for("document.querySelector('#found').textContent === '19 of 23 cases.'");
    assert_eq!(fragment(&mut browser), "#q=rename.*");
    browser.click("#statuses input[value=FAIL]");
    browser.wait_for("document.querySelector('#found').textContent === '6 of 23 cases.'");
    browser.click("#differences");
    browser.wait_for("location.hash.includes('differences=1')");
    assert_eq!(fragment(&mut browser), "#q=rename.*&status=FAIL&differences=1");
    // So few are opened by themselves, and their grid has only what is asked for.
    browser.wait_for("document.querySelectorAll('.grid').length === 2");
    assert_eq!(browser.run("document.querySelectorAll('.grid thead th').length"), 2);

    browser.click("#clear");
    browser.wait_for("document.querySelector('#found').textContent === 'All 23 cases.'");
    assert_eq!(fragment(&mut browser), "");
    assert_eq!(browser.run("document.querySelector('#q').value"), "");
    assert_eq!(browser.run("document.querySelectorAll('input:checked').length"), 1, "grids stay");
    browser.finish();
}

#[test]
fn a_selection_of_clause_and_error_filters() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "");
    let mut choose = |id: &str, value: &str| {
        browser.run(&format!(
            "(() => {{ const e = document.querySelector('#{id}'); e.value = '{value}'; \
             e.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
        ));
        browser.wait_for("location.hash !== ''");
        let told = found(&mut browser);
        browser.click("#clear");
        browser.wait_for("location.hash === ''");
        told
    };
    assert_eq!(choose("clause", "POSIX rename"), "18 of 23 cases.");
    assert_eq!(choose("errno", "ENOTEMPTY"), "6 of 23 cases.");
    assert_eq!(choose("errno", "renameat ENOENT"), "12 of 23 cases.");
    let groups = browser.texts("[...document.querySelectorAll('#errno optgroup')].map((e) => e.label)");
    assert_eq!(groups, ["documented for renameat", "documented for renameat2"]);
    browser.finish();
}

#[test]
fn an_address_shows_the_view_that_it_was_taken_from() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    let page = desk.sample_page();
    browser.open(&page, "q=types&list=1&open=rename&show=rename.types.file.full.other@1");
    assert_eq!(browser.run("document.querySelector('#q').value"), "types");
    assert_eq!(browser.run("document.querySelector('#grid').checked"), false);
    // As a list, each column has its own results.
    browser.wait_for("document.querySelectorAll('#matrix tbody.level3 .cell').length === 36");
    assert_eq!(browser.run("document.querySelectorAll('.grid').length"), 0);
    assert_eq!(browser.run("document.querySelector('#details-title').textContent"), "rename.types.file.full.other");
    let current = "(() => { const e = document.querySelector('.cell[aria-current]'); return e.ariaLabel; })()";
    assert_eq!(browser.text(current), "rename.types.file.full.other: FAIL on newfs");

    let whole = fragment(&mut browser);
    browser.open(&page, whole.trim_start_matches('#'));
    assert_eq!(fragment(&mut browser), whole, "an address leads to itself");
    // What is none of this page is passed over.
    browser.open(&page, "show=no.such.case@0&status=GOOD&open=x&x=y");
    assert_eq!(browser.run("document.querySelector('#details').hidden"), true);
    assert_eq!(found(&mut browser), "All 23 cases.");
    browser.open(&page, "show=open.waits@7");
    assert_eq!(browser.run("document.querySelector('#details').hidden"), true);
    browser.finish();
}

#[test]
fn a_case_that_is_linked_is_brought_to_the_screen() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "show=open.error@1");
    browser.wait_for("document.querySelectorAll('.cell[aria-current]').length === 1");
    let is_seen = "(() => { const {top, bottom} = document.querySelector('.cell[aria-current]').getBoundingClientRect(); \
        return top >= 0 && bottom <= innerHeight; })()";
    browser.wait_for(is_seen);
    browser.finish();
}

#[test]
fn causes_and_bars_lead_to_their_cases() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "");
    browser.click("#causes tbody a");
    browser.wait_for("document.querySelector('#found').textContent === '6 of 23 cases.'");
    assert_eq!(
        browser.run("document.querySelector('#cause code').textContent").as_str().unwrap(),
        first_cause(&mut browser)
    );
    browser.click("#cause button");
    browser.wait_for("document.querySelector('#found').textContent === 'All 23 cases.'");

    let bars = "document.querySelectorAll('svg a').length";
    assert_eq!(browser.run(bars), 2, "a bar for each call");
    browser.click("svg a[aria-label^='open'] rect");
    browser.wait_for("document.querySelector('#found').textContent === '4 of 23 cases.'");
    assert_eq!(browser.run("document.querySelector('#q').value"), "open.*");
    // The way back is the browser's own.
    browser.run("history.back()");
    browser.wait_for("document.querySelector('#found').textContent === 'All 23 cases.'");
    browser.finish();
}

fn first_cause(browser: &mut Browser) -> String {
    browser.text("document.querySelector('#causes tbody td:nth-child(2)').textContent")
}

#[test]
fn all_can_be_expanded_and_collapsed_and_printed() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "");
    browser.click("#expand");
    assert_eq!(browser.run("document.querySelectorAll('.toggle[aria-expanded=true]').length"), 3);
    let printed = browser.call("Page.printToPDF", serde_json::json!({}));
    assert!(printed["data"].as_str().unwrap().len() > 10_000);
    browser.click("#collapse");
    assert_eq!(browser.run("document.querySelectorAll('.toggle[aria-expanded=true]').length"), 0);
    browser.finish();
}
