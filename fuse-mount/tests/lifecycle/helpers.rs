//! Mounts by `mount(8)`, by `fusermount3`, and in a user namespace.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{self, PROGRAM, can_mount};
use crate::{in_own_namespace, places};

#[test]
fn who_is_root_in_a_user_namespace_mounts_there() {
    if !can_mount() {
        return;
    }
    if !Command::new("unshare").args(["-Urm", "true"]).status().is_ok_and(|status| status.success()) {
        support::skip("user namespaces are not allowed here");
        return;
    }
    let (_dir, source, mountpoint) = places();
    let script = format!(
        "set -e
        {PROGRAM} {source} {mountpoint}
        mkdir {mountpoint}/d; echo text > {mountpoint}/d/a; mv {mountpoint}/d/a {mountpoint}/b; cat {mountpoint}/b
        umount {mountpoint}"
    );
    let output = Command::new("timeout").args(["60", "unshare", "-Urm", "sh", "-c", &script]).output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"text\n"[..], &b""[..]));
    assert!(Path::new(&source).join("b").exists());
}

#[test]
fn mount_8_mounts_it_by_its_type() {
    if !can_mount() {
        return;
    }
    if !Path::new("/sbin/mount.fuse3").exists() {
        support::skip("there is no mount.fuse3 (Debian's package fuse3)");
        return;
    }
    let (_dir, source, mountpoint) = places();
    // Where mount(8) looks for it; nobody else sees it there.
    let text = in_own_namespace(&format!(
        "mount -t tmpfs none /usr/local/bin
        cp {PROGRAM} /usr/local/bin
        mount -t fuse.fuse-mount {source} {mountpoint} -o ro,noatime,cache=none,nofail,x-note=1
        grep ' {mountpoint} ' /proc/self/mountinfo
        mount -o remount,rw {mountpoint} 2>&1 || echo remount: $?
        umount {mountpoint}
        echo '{source} {mountpoint} fuse.fuse-mount noauto,user,nofail,_netdev,x-systemd.automount,relatime,cache=none 0 0' >/usr/local/bin/fstab
        mount -T /usr/local/bin/fstab {mountpoint}
        grep ' {mountpoint} ' /proc/self/mountinfo
        mount -o remount,bind,ro {mountpoint}
        touch {mountpoint}/x 2>&1 || echo read-only now
        umount {mountpoint}
        echo gone: $(grep -c ' {mountpoint} ' /proc/self/mountinfo)"
    ));
    // mount(8)'s helper asks for suid and dev, as for any file system that root mounts.
    assert!(text.contains(" ro,noatime "), "{text}");
    assert!(text.contains(&format!(" - fuse.fuse-mount {source} ro,")), "{text}");
    assert!(
        text.contains("a mount cannot be changed once it is live; unmount it") && text.contains("remount: 2\n"),
        "{text}"
    );
    // fstab, with a `user` that implies noexec, nosuid and nodev.
    assert!(text.contains(" rw,nosuid,nodev,noexec,relatime "), "{text}");
    assert!(text.contains("Read-only file system\nread-only now\n"), "a remount of the place, which the kernel does");
    assert!(text.ends_with("gone: 0\n"), "{text}");
}

#[test]
fn a_user_mounts_through_fusermount3() {
    if !can_mount() {
        return;
    }
    if !Path::new("/usr/bin/fusermount3").exists() {
        support::skip("there is no fusermount3 (Debian's package fuse3)");
        return;
    }
    for end in ["kill -TERM $daemon", "kill -KILL $daemon", "$as_user fusermount3 -u 'mount, point'"] {
        let (dir, source, _) = places();
        fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        fs::write(dir.path().join("source/a"), "text").unwrap();
        fs::create_dir(dir.path().join("mount, point")).unwrap();
        let top = dir.path().display();
        // The user is nobody, whom fusermount3 finds by name; and may open the device, wherever this runs.
        let text = in_own_namespace(&format!(
            "cd {top}
            cp {PROGRAM} fuse-mount
            chown -R 65534:65534 source 'mount, point'
            mount -t tmpfs none /dev
            mknod -m 666 /dev/fuse c 10 229
            mknod -m 666 /dev/null c 1 3
            as_user='setpriv --reuid=65534 --regid=65534 --clear-groups'
            $as_user ./fuse-mount source 'mount, point'
            grep ' {top}/mount,.040point ' /proc/self/mountinfo
            $as_user cat 'mount, point/a'
            # The guard has another name.
            daemon=$(for comm in $(grep -lx fuse-mount /proc/[0-9]*/comm 2>/dev/null); do
                process=${{comm%/comm}}
                test \"$(readlink $process/exe)\" != {top}/fuse-mount || echo ${{process#/proc/}}
            done | sort -n | head -1)
            {end}
            for _ in $(seq 100); do
                grep -q ' {top}/mount,.040point ' /proc/self/mountinfo || break
                sleep 0.1
            done
            echo gone: $(grep -c ' {top}/mount,.040point ' /proc/self/mountinfo)",
        ));
        assert!(text.contains(&format!(" - fuse.fuse-mount {source} rw,user_id=65534,group_id=65534")), "{text}");
        assert!(text.contains("default_permissions") && !text.contains("allow_other"), "{text}");
        assert!(text.ends_with("textgone: 0\n"), "{end}: {text}");
    }
}

#[test]
fn why_fusermount3_cannot_unmount_is_passed_on() {
    if !can_mount() {
        return;
    }
    if !Path::new("/usr/bin/fusermount3").exists() {
        support::skip("there is no fusermount3 (Debian's package fuse3)");
        return;
    }
    let (dir, source, mountpoint) = places();
    fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let top = dir.path().display();
    // It finds its mounts in /etc/mtab, which a bare chroot does not have. The mount is gone with its namespace.
    let text = in_own_namespace(&format!(
        "cd {top}
        cp {PROGRAM} fuse-mount
        cp /etc/passwd passwd
        chown 65534:65534 {source} {mountpoint}
        mount -t tmpfs none /etc
        cp passwd /etc/passwd
        mount -t tmpfs none /dev
        mknod -m 666 /dev/fuse c 10 229
        mknod -m 666 /dev/null c 1 3
        setpriv --reuid=65534 --regid=65534 --clear-groups ./fuse-mount -f {source} {mountpoint} 2>messages &
        for _ in $(seq 100); do
            ! grep -q ' {mountpoint} ' /proc/self/mountinfo || break
            sleep 0.1
        done
        kill -TERM $!
        for _ in $(seq 100); do
            ! grep -q mtab messages || break
            sleep 0.1
        done
        cat messages
        kill -KILL $!",
    ));
    assert!(text.starts_with("fuse-mount: ") && text.contains("fusermount3") && text.contains("/etc/mtab"), "{text}");
}
