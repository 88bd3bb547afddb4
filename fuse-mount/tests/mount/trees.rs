//! A whole tree on an unchanging mount, looked at by the tools that people use: each says the same as of the source.

use std::path::Path;
use std::process::Command;

use crate::support::{self, Mount};
use crate::unopened::UNCHANGING;

/// Makes a tree with a repository, a program with its libraries, and files of every kind.
const MAKE: &str = r#"
mkdir -p deep/er/still lib bin
printf hello >deep/f; ln deep/f deep/er/hard; ln -s ../f deep/er/soft; ln -s nowhere deep/dangling; mkfifo deep/pipe
head -c 5000000 /dev/urandom >large; : >empty; truncate -s 3M holes; printf x | dd of=holes bs=1 seek=1500000 conv=notrunc status=none
for n in $(seq 200); do printf "file %s" "$n" >"deep/er/still/$n"; done
chmod 4711 deep/er/still/1; chmod 0 deep/er/still/2; chown 1234:2345 deep/er/still/3; touch -d @-5.5 deep/er/still/4
setfattr -n user.note -v "some text" deep/f; setfattr -n user.other -v 1 deep
cp /bin/cat bin; ldd /bin/cat | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | xargs -I@ cp @ lib
git init -q repository && cd repository
for n in 1 2 3 4 5; do printf "%s\n" "$n" >"f$n"; git add . && git commit -q -m "commit $n"; done
git gc -q; printf more >>f1; printf new >untracked
"#;

/// Says all that there is to say about the tree in the working directory; `$1` is an empty directory. First what looking
/// changes: that a link was read leaves no other way than its time.
const LOOK: &str = r#"
find . ! -type l -printf '%P %A@\n' | sort
find . -printf '%P %y %m %U %G %s %b %n %i %T@ %C@ %l\n' | sort
find . -type f -print0 | sort -z | xargs -0 sha256sum
getfattr -R -h -d -m - . | sort
lsattr -R . 2>&1 | sort
tar -c --sort=name --xattrs --pax-option=delete=atime . | sha256sum
cp -a . "$1/copy" && (cd "$1/copy" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
rsync -aHAX --checksum --itemize-changes . "$1/copy" && rsync -aHAX . "$1/synced" && rsync -aHAXic "$1/copy/" "$1/synced"
diff -r --no-dereference -x pipe . "$1/copy" && echo no difference
(cd repository && git status --porcelain && git log --stat && git fsck --full --strict && git grep -n 3)
git clone -q repository "$1/clone" && (cd "$1/clone" && git log --oneline | wc -l)
LD_LIBRARY_PATH=$PWD/lib bin/cat /proc/self/maps | grep -o "$PWD/.*" | sort | uniq -c | sed "s|$PWD||"
"#;

fn shell(dir: &Path, script: &str, argument: &Path) -> String {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script, "bash"])
        .arg(argument)
        .current_dir(dir)
        .env("LC_ALL", "C")
        // Who only looks writes nothing.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "somebody")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "somebody@example.org")))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let tail: Vec<&str> = said.lines().rev().take(3).collect();
    assert!(output.status.success(), "{tail:?}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn every_tool_says_the_same_of_the_mount_as_of_the_source() {
    if !support::can_mount() {
        return;
    }
    let has =
        |tool: &&str| Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap().status.success();
    let tools = ["git", "rsync", "setfattr", "lsattr", "tar", "ldd"];
    if let Some(missing) = tools.iter().find(|tool| !has(tool)) {
        support::skip(&format!("there is no {missing}"));
        return;
    }
    let empty = tempfile::tempdir().unwrap();
    let mount = Mount::prepared(&UNCHANGING, |source| drop(shell(source, MAKE, empty.path())));
    // First what reads without a trace: the source's directories get new times of access when they are listed there.
    let looks = [&mount.mountpoint, &mount.mountpoint, &mount.source].map(|dir| {
        let scratch = tempfile::tempdir().unwrap();
        shell(dir, LOOK, scratch.path())
    });
    for (number, look) in looks[..2].iter().enumerate() {
        let differs = look.lines().zip(looks[2].lines()).find(|(above, below)| above != below);
        assert!(*look == looks[2], "look {number} at the mount differs from the source: {differs:?}");
    }
    assert!(looks[2].contains("/lib/libc.so") && looks[2].lines().count() > 800, "{}", looks[2]);
    assert_eq!(mount.end().code(), Ok(0));
}
