//! A browser without a window, that a test leads through its DevTools protocol: JSON with
//! a zero byte behind it, on descriptors 3 and 4.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::skip;

/// Longer than anything takes, on a machine that is busy with others.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page.
pub(crate) struct Browser {
    process: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    /// What the browser told without having been asked.
    events: Vec<Value>,
    session: Option<String>,
    last: u64,
    _profile: TempDir,
}

impl Browser {
    /// Starts one. None, having said so, where there is none.
    pub(crate) fn start() -> Option<Browser> {
        let Some(program) = find() else {
            skip("not run: Chromium is not installed (Debian's package `chromium`)");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        // The shell puts its standard streams to where the browser wants them.
        let script = "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";
        let mut process = Command::new("sh")
            .args(["-c", script, &program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"])
            .args(["--no-first-run", "--disable-dev-shm-usage", "--window-size=1400,1000"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let mut replies = BufReader::new(process.stdout.take().unwrap());
        let (send, output) = channel();
        thread::spawn(move || {
            let mut reply = Vec::new();
            while replies.read_until(0, &mut reply).is_ok_and(|length| length > 0) {
                reply.pop();
                let told = serde_json::from_slice(&reply).unwrap();
                if send.send(told).is_err() {
                    return;
                }
                reply.clear();
            }
        });
        let mut browser =
            Browser { process, input, output, events: Vec::new(), session: None, last: 0, _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Opens a page, and waits until it is there. `fragment` may be empty.
    pub(crate) fn open(&mut self, page: &Path, fragment: &str) {
        // Another fragment alone would not load the page again.
        self.call("Page.navigate", json!({"url": "about:blank"}));
        self.events.clear();
        let hash = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
        self.call("Page.navigate", json!({"url": format!("file://{}{hash}", page.display())}));
        self.wait_for("location.protocol === 'file:' && document.readyState === 'complete'");
    }

    /// What an expression gives; promises are waited for.
    pub(crate) fn run(&mut self, expression: &str) -> Value {
        let arguments = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let told = self.call("Runtime.evaluate", arguments);
        assert!(told.get("exceptionDetails").is_none(), "{expression}: {told}");
        told["result"]["value"].clone()
    }

    /// What an expression gives, which is a text.
    pub(crate) fn text(&mut self, expression: &str) -> String {
        let value = self.run(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression} is {value}")).to_owned()
    }

    /// What an expression gives, which is a list of texts.
    pub(crate) fn texts(&mut self, expression: &str) -> Vec<String> {
        let value = self.run(expression);
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let until = Instant::now() + PATIENCE;
        while self.run(expression) != Value::Bool(true) {
            assert!(Instant::now() < until, "waited in vain for {expression}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Clicks where the first element of a selector is, as a mouse does.
    pub(crate) fn click(&mut self, selector: &str) {
        let selector = serde_json::to_string(selector).unwrap();
        // The page may still be drawing: only what stays where it is can be hit.
        let place = self.run(&format!(
            "(async () => {{
              const element = document.querySelector({selector});
              if (!element) return null;
              element.scrollIntoView({{block: 'center'}});
              const frame = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
              const place = () => JSON.stringify(element.getBoundingClientRect());
              for (let before = ''; before !== place(); await frame()) before = place();
              const {{left, top, width, height}} = element.getBoundingClientRect();
              const [x, y] = [left + width / 2, top + height / 2];
              const hit = document.elementFromPoint(x, y);
              return {{x, y, isHit: element === hit || element.contains(hit)}};
            }})()"
        ));
        assert_eq!(place["isHit"], true, "nothing to click at {selector}: {place}");
        for kind in ["mousePressed", "mouseReleased"] {
            let (x, y) = (&place["x"], &place["y"]);
            let event = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Presses a key: `Escape`, `ArrowDown`, `Enter`, `Tab`.
    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            key => panic!("no such key: {key}"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        let down = json!({"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
        self.call("Input.dispatchKeyEvent", down);
        self.call("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code}));
    }

    /// Types into what has the focus.
    pub(crate) fn enter(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Asks the browser for something.
    pub(crate) fn call(&mut self, method: &str, arguments: Value) -> Value {
        self.last += 1;
        let mut asked = json!({"id": self.last, "method": method, "params": arguments});
        if let Some(session) = &self.session {
            asked["sessionId"] = json!(session);
        }
        self.input.write_all(format!("{asked}\0").as_bytes()).unwrap();
        loop {
            let told = self.output.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {method}"));
            if told["id"] == self.last {
                assert!(told.get("error").is_none(), "{method}: {told}");
                return told["result"].clone();
            }
            self.events.push(told);
        }
    }

    /// What was asked of the network, or of files, since the page was opened.
    pub(crate) fn requests(&mut self) -> Vec<String> {
        self.run("0");
        let sent = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        let urls = sent.map(|event| event["params"]["request"]["url"].as_str().unwrap().to_owned());
        urls.filter(|url| url != "about:blank").collect()
    }

    /// Errors and messages of the page since it was opened.
    pub(crate) fn problems(&mut self) -> Vec<String> {
        self.run("0");
        let kinds = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
        let told = self.events.iter().filter(|event| kinds.contains(&event["method"].as_str().unwrap_or_default()));
        told.map(Value::to_string).collect()
    }

    /// Ends a test: nothing was wrong with the page, and it fetched nothing but itself.
    pub(crate) fn finish(mut self) {
        assert_eq!(self.problems(), Vec::<String>::new());
        let requests = self.requests();
        assert!(requests.len() == 1 && requests[0].starts_with("file:///"), "{requests:?}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.input.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let until = Instant::now() + Duration::from_secs(5);
        while self.process.try_wait().is_ok_and(|status| status.is_none()) {
            if Instant::now() > until {
                let _ = self.process.kill();
                let _ = self.process.wait();
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The program of a browser, where one is installed.
fn find() -> Option<String> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let dirs: Vec<_> = std::env::split_paths(&path).collect();
    let found = names.iter().find(|name| dirs.iter().any(|dir| dir.join(name).is_file()));
    found.map(|name| (*name).to_owned())
}
