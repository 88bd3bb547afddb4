//! The matrix and the details: what is expanded, what a click and a key do.

use serde_json::json;

use crate::browser::Browser;
use crate::logs::Desk;

/// The texts of the elements of a selector.
fn texts(browser: &mut Browser, selector: &str) -> Vec<String> {
    browser.texts(&format!("[...document.querySelectorAll('{selector}')].map((e) => e.innerText.trim())"))
}

/// The whole text of an element, each run of space as one.
fn text(browser: &mut Browser, selector: &str) -> String {
    browser.text(&format!("document.querySelector('{selector}').innerText.replace(/\\s+/g, ' ').trim()"))
}

#[test]
fn a_call_expands_to_its_cases_and_a_product_to_grids() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "");
    assert_eq!(texts(&mut browser, "#matrix > thead th"), ["Call and condition", "ext4", "newfs"]);
    assert_eq!(texts(&mut browser, "#matrix .toggle"), ["rename", "open"]);
    assert_eq!(browser.run("document.querySelectorAll('#matrix .cell').length"), 0);

    browser.click(".toggle[data-key='rename']");
    assert_eq!(browser.run("document.querySelector('.toggle').getAttribute('aria-expanded')"), "true");
    assert_eq!(texts(&mut browser, "#matrix .toggle"), ["rename", "types", "open"]);
    browser.wait_for("document.querySelectorAll('#matrix .cell').length === 2");

    browser.click(".toggle[data-key='rename.types']");
    browser.wait_for("document.querySelectorAll('.grid').length === 2");
    assert_eq!(texts(&mut browser, ".grid caption"), ["self", "other"]);
    assert_eq!(texts(&mut browser, ".grid:first-child thead th"), ["file", "dir", "full"]);
    assert_eq!(texts(&mut browser, ".grid:first-child tbody th"), ["missing", "file", "dir"]);
    // Where the columns agree there is one sign, and where they differ there are two.
    let line =
        "[...document.querySelectorAll('.grid tbody tr')[0].querySelectorAll('td')].map((e) => e.innerText.trim())";
    assert_eq!(browser.texts(line), ["✓", "✓", "✓F"]);
    assert_eq!(browser.run("document.querySelectorAll('.grid')[0].querySelectorAll('.deviates').length"), 3);

    browser.click(".toggle[data-key='rename']");
    assert_eq!(texts(&mut browser, "#matrix .toggle"), ["rename", "open"]);
    assert_eq!(browser.run("document.querySelectorAll('#matrix .cell').length"), 0);
    browser.finish();
}

#[test]
fn counts_of_a_call_are_there_before_it_is_expanded() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "");
    let counts = "[...document.querySelectorAll('#matrix .level1 td')].map((cell) => \
        [...cell.querySelectorAll('.count')].map((e) => e.title).join(', '))";
    let wanted = ["19 PASS", "12 PASS, 6 FAIL, 1 SKIP", "4 PASS", "1 FAIL excused, 1 ERROR, 1 TIMEOUT, 1 BLOCKED"];
    assert_eq!(browser.texts(counts), wanted);
    browser.finish();
}

#[test]
fn a_result_tells_its_claim_its_steps_and_the_command_that_runs_it() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "q=rename.types.dir.full.self");
    browser.wait_for("document.querySelectorAll('.grid .cell').length === 2");
    browser.click(".grid .cell.fail");
    assert_eq!(browser.run("document.querySelector('#details').hidden"), false);
    assert_eq!(browser.text("document.activeElement.id"), "details-title");
    assert_eq!(text(&mut browser, "#details-title"), "rename.types.dir.full.self");
    assert_eq!(text(&mut browser, "#details .outcome"), "F FAIL on newfs 1.50 ms");
    assert_eq!(text(&mut browser, "#details .reason"), "step 2: expected ENOTEMPTY|EEXIST, got EIO");
    assert_eq!(text(&mut browser, "#details > dl"), "Claim What may replace what Clause POSIX rename (posix-shall)");
    assert_eq!(texts(&mut browser, "#details .others li"), ["ext4: ✓ PASS"]);
    let steps: Vec<String> =
        texts(&mut browser, "#details .steps li").iter().map(|step| step.replace(['\n', '\t'], " ")).collect();
    let steps: Vec<String> = steps.iter().map(|step| step.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(steps[0], "mkdir path=d got ok");
    assert!(steps[1].starts_with("rename src=src_dir dst=dst_full ✗"), "{steps:?}");
    assert!(steps[1].ends_with("wanted ENOTEMPTY|EEXIST got EIO ≠ ext4 ENOTEMPTY"), "{steps:?}");
    let commands = texts(&mut browser, "#details .command pre");
    assert_eq!(commands[0], "conformance run --case rename.types.dir.full.self /mnt/newfs");

    // The other column, and back to where it came from.
    browser.click("#details .others button");
    assert_eq!(text(&mut browser, "#details .outcome"), "✓ PASS on ext4 1.50 ms");
    browser.press("Escape");
    assert_eq!(browser.run("document.querySelector('#details').hidden"), true);
    assert_eq!(browser.run("document.activeElement.dataset.column"), "0");
    browser.finish();
}

#[test]
fn an_excuse_is_told_with_its_cause() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "show=open.keeps_mode@1");
    assert_eq!(text(&mut browser, "#details .outcome"), "F* FAIL on newfs 1.50 ms");
    assert_eq!(text(&mut browser, "#details .excuse"), "Excused, a known difference: It has no modes.");
    // The field that was asked for is brought out.
    assert_eq!(texts(&mut browser, "#details .steps strong"), ["ok", "mode=0600"]);
    browser.finish();
}

#[test]
fn previous_and_next_go_through_what_the_filter_lets_through() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "status=TIMEOUT,BLOCKED,ERROR&show=open.waits@1");
    let go = |browser: &mut Browser, number: usize| {
        browser.click(&format!("#details .bar button:nth-child({number})"));
        text(browser, "#details-title")
    };
    assert_eq!(go(&mut browser, 2), "open.blocked");
    assert_eq!(go(&mut browser, 2), "open.error");
    assert_eq!(go(&mut browser, 2), "open.error", "it is the last");
    assert_eq!(go(&mut browser, 1), "open.blocked");
    let current = "document.querySelector('.cell[aria-current]').dataset.column";
    assert_eq!(browser.run(current), "1", "the matrix shows which it is");
    browser.finish();
}

#[test]
fn all_of_it_can_be_done_with_the_keyboard() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "");
    browser.run("document.querySelector('.toggle').focus()");
    browser.press("Enter");
    browser.press("Tab");
    assert_eq!(browser.text("document.activeElement.dataset.key"), "rename.types");
    browser.press("Enter");
    browser.wait_for("document.querySelectorAll('.grid').length === 2");
    browser.press("Tab");
    let here = "document.activeElement.getAttribute('aria-label')";
    assert_eq!(browser.text(here), "rename.types.missing.file.self: PASS on ext4, newfs");
    let mut go = |key: &str, wanted: &str| {
        browser.press(key);
        assert_eq!(browser.text(here), wanted, "{key}");
    };
    go("ArrowRight", "rename.types.missing.dir.self: PASS on ext4, newfs");
    go("ArrowRight", "rename.types.missing.full.self: PASS on ext4");
    go("ArrowRight", "rename.types.missing.full.self: FAIL on newfs");
    go("ArrowRight", "rename.types.missing.full.self: FAIL on newfs");
    go("ArrowDown", "rename.types.file.full.self: PASS on ext4");
    go("ArrowUp", "rename.types.missing.full.self: PASS on ext4");
    go("ArrowLeft", "rename.types.missing.dir.self: PASS on ext4, newfs");
    // A grid is one stop of the tabulator, and remembers where it was left.
    go("Tab", "rename.types.missing.file.other: PASS on ext4, newfs");
    browser.call(
        "Input.dispatchKeyEvent",
        json!({"type": "keyDown", "key": "Tab", "windowsVirtualKeyCode": 9, "modifiers": 8}),
    );
    assert_eq!(browser.text(here), "rename.types.missing.dir.self: PASS on ext4, newfs");
    browser.press("Enter");
    assert_eq!(text(&mut browser, "#details-title"), "rename.types.missing.dir.self");
    browser.press("Escape");
    assert_eq!(browser.text(here), "rename.types.missing.dir.self: PASS on ext4, newfs");
    browser.finish();
}

#[test]
fn every_table_heading_says_what_it_heads_and_every_button_has_a_name() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "open=rename,rename.types,open&show=open.waits@1");
    browser.wait_for("document.querySelectorAll('.grid').length === 2");
    assert_eq!(browser.run("[...document.querySelectorAll('th')].filter((e) => !e.scope).length"), 0);
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let mut buttons = 0;
    for node in tree["nodes"].as_array().unwrap() {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        if ["button", "checkbox", "combobox", "searchbox", "link", "table"].contains(&role) && node["ignored"] == false
        {
            let name = node["name"]["value"].as_str().unwrap_or_default();
            assert!(!name.trim().is_empty() || role == "table", "{node}");
            buttons += usize::from(role == "button");
        }
    }
    assert!(buttons > 30, "{buttons}");
    browser.finish();
}

#[test]
fn every_sign_can_be_read_in_the_light_and_in_the_dark() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "open=rename,open");
    browser.wait_for("document.querySelectorAll('.cell').length === 10");
    for scheme in ["light", "dark"] {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        browser.call("Emulation.setEmulatedMedia", features);
        // The contrast of the Web Content Accessibility Guidelines; 4.5 is what text needs.
        let worst = browser.run(
            "(() => {
              const part = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
              const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
              const parse = (color) => color.match(/[\\d.]+/g).map(Number);
              const ground = (element) => {
                const color = parse(getComputedStyle(element).backgroundColor);
                return color.length < 4 || color[3] > 0 ? color : element.parentElement ? ground(element.parentElement) : [255, 255, 255];
              };
              let worst = [99, ''];
              for (const element of document.querySelectorAll('.sign, .cell, .about, .claim, .verdict *, .note, dt, dd, .toggle, .chip')) {
                const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
                const contrast = (a + 0.05) / (b + 0.05);
                if (contrast < worst[0]) worst = [contrast, element.outerHTML.slice(0, 200)];
              }
              return worst;
            })()",
        );
        assert!(worst[0].as_f64().unwrap() >= 4.5, "{scheme}: {worst}");
    }
    browser.finish();
}
