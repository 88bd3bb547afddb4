//! Logs of strangers: whatever stands in them is text, and nothing leaves the page.

use std::io::ErrorKind;
use std::net::TcpListener;

use conformance::event::{Event, ExcuseKind, Excused, Status};
use serde_json::json;

use crate::browser::Browser;
use crate::logs::{Desk, result, run, step};

/// What would run, if it were taken for markup or for script, in each place where a text
/// may come to stand.
const ATTACKS: [&str; 8] = [
    "</script><script>window.hacked = 1</script>",
    "<!--<script>",
    "\"><img src=x onerror=window.hacked=1>",
    "' onmouseover='window.hacked=1",
    "</title></style></noscript></svg><script>window.hacked=1</script>",
    "&lt;b&gt;&#0;{{script}}",
    "javascript:window.hacked=1",
    "a\u{0}b\u{1b}[31m\u{202e}c\u{2028}d\\xff\\ud800",
];

/// As the page shows the last of them.
const SPELLED_OUT: &str = "a\\u{0}b\\u{1b}[31m\\u{202e}c\\u{2028}d\\xff\\ud800";

fn hostile_log(attack: &str) -> Vec<Event> {
    let mut hostile = result(&format!("{attack}.x"), attack, Status::Fail, &[step(attack, Some(attack), attack)]);
    hostile.class = attack.to_owned();
    hostile.clause = attack.to_owned();
    hostile.claim = attack.to_owned();
    hostile.reason = Some(attack.to_owned());
    hostile.excused = Some(Excused { kind: ExcuseKind::Known, cause: attack.to_owned() });
    let skipped = conformance::event::CaseResult { status: Status::Skip, ..result(attack, attack, Status::Skip, &[]) };
    let mut events = run(&[attack], vec![hostile, skipped]);
    if let Event::Begin(begin) = &mut events[0] {
        begin.kernel = attack.to_owned();
        begin.machine = attack.to_owned();
        begin.version = attack.to_owned();
        begin.confinement = attack.to_owned();
        let target = &mut begin.targets[0];
        target.fs_source = attack.to_owned();
        target.options = attack.to_owned();
        target.probes.insert(attack.to_owned(), Some(attack.to_owned()));
    }
    if let Some(Event::End(end)) = events.last_mut() {
        end.stale.push(attack.to_owned());
    }
    events
}

#[test]
fn what_stands_in_a_log_is_shown_as_text_and_nothing_else() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    for attack in ATTACKS {
        let shown = if attack.contains('\0') { SPELLED_OUT } else { attack };
        desk.log("hostile.jsonl", &hostile_log(attack));
        let page = desk.page(&["hostile.jsonl"]);
        browser.open(&page, "");
        assert_eq!(browser.text("document.querySelector('.place h3').textContent"), shown);
        browser.click("#expand");
        browser.wait_for("document.querySelectorAll('.cell').length === 2");
        browser.click(".cell.fail");
        assert_eq!(browser.text("document.querySelector('#details-title').textContent"), format!("{shown}.x"));
        assert_eq!(browser.text("document.querySelector('#details .reason').textContent"), shown);
        assert_eq!(browser.text("document.querySelector('#details .steps code').textContent"), shown);
        browser.run("for (const e of document.querySelectorAll('*')) e.dispatchEvent(new MouseEvent('mouseover'))");
        // The cause, by its address and back.
        browser.run("document.querySelector('#causes a').click()");
        browser.wait_for("document.querySelector('#cause') !== null");
        browser.wait_for("document.querySelectorAll('.cell').length >= 1");
        check(&mut browser, attack);

        browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
        browser.open(&page, "");
        let case = browser.text("document.querySelector('.plain tbody th').textContent.trim()");
        assert_eq!(case, format!("{shown}.x"));
        check(&mut browser, attack);
        browser.call("Emulation.setScriptExecutionDisabled", json!({"value": false}));
    }
    browser.finish();
}

/// No element is there that the page does not make itself.
fn check(browser: &mut Browser, attack: &str) {
    assert_eq!(browser.run("typeof window.hacked"), "undefined", "{attack}");
    let strange = browser.run(
        "document.querySelectorAll('img, iframe, object, embed, link, base, audio, video, b, body body').length \
         + document.querySelectorAll('script:not([nonce])').length \
         + [...document.querySelectorAll('*')].flatMap((e) => [...e.attributes]).filter((a) => a.name.startsWith('on')).length \
         + [...document.querySelectorAll('a')].filter((a) => !a.getAttribute('href').startsWith('#')).length",
    );
    assert_eq!(strange, 0, "{attack}");
    assert_eq!(browser.run("document.querySelectorAll('script').length"), 2, "{attack}");
    assert_eq!(browser.problems(), Vec::<String>::new(), "{attack}");
}

#[test]
fn a_word_for_the_shell_is_quoted() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    let id = "a b'; rm -rf ~ #";
    let mut events = run(&["ext4"], vec![result(id, "ext4", Status::Pass, &[])]);
    if let Event::Begin(begin) = &mut events[0] {
        begin.targets[0].dir = "/mnt/$(x) y".to_owned();
    }
    desk.log("log.jsonl", &events);
    browser.open(&desk.page(&["log.jsonl"]), "");
    browser.click("#expand");
    browser.wait_for("document.querySelectorAll('.cell').length === 1");
    browser.click(".cell");
    let command = browser.text("document.querySelector('.command pre').textContent");
    assert_eq!(command, r"conformance run --case 'a b'\''; rm -rf ~ #' '/mnt/$(x) y'");
    browser.finish();
}

#[test]
fn the_page_may_not_ask_anything_of_anybody() {
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::new();
    browser.open(&desk.sample_page(), "");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let refused = browser.run(&format!(
        "(async () => {{
          const refused = [];
          document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
          new Image().src = 'http://127.0.0.1:{port}/image';
          document.body.append(Object.assign(document.createElement('script'), {{textContent: 'window.hacked = 1'}}));
          document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.hacked = 1\">x</p>');
          document.body.lastElementChild.click();
          const fetched = await fetch('http://127.0.0.1:{port}/fetch').then(() => 'fetched', () => 'refused');
          await new Promise((go) => setTimeout(go, 300));
          return [fetched, typeof window.hacked, refused.sort().join(' ')];
        }})()"
    ));
    assert_eq!(refused, json!(["refused", "undefined", "connect-src img-src script-src-attr script-src-elem"]));
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
