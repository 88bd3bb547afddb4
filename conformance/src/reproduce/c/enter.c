//@ become()
static void become(uid_t uid, gid_t gid, size_t count, const gid_t *groups)
{
    if (setgroups(count, groups) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        cannot("another user cannot be become: ", strerror(errno));
}

//@ lack()
/* Gives up capabilities. */
static void lack(unsigned which)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];
    if (syscall(SYS_capget, &header, sets) != 0)
        cannot("no capabilities: ", strerror(errno));
    sets[0].effective &= ~which;
    sets[0].permitted &= ~which;
    sets[0].inheritable &= ~which;
    if (syscall(SYS_capset, &header, sets) != 0)
        cannot("capabilities cannot be given up: ", strerror(errno));
}

//@ change_root()
static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        cannot("no user namespace: ", path);
    close(fd);
}

static void enter_user_namespace(void)
{
    char map[64];
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (unshare(CLONE_NEWUSER) != 0)
        cannot("no user namespace, in which to chroot: ", strerror(errno));
    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "%u %u 1", (unsigned)gid, (unsigned)gid);
    write_file("/proc/self/gid_map", map);
    snprintf(map, sizeof map, "%u %u 1", (unsigned)uid, (unsigned)uid);
    write_file("/proc/self/uid_map", map);
}

/* Makes the working directory the root directory. */
static void change_root(void)
{
    int privileged = geteuid() == 0;
    if (!privileged)
        enter_user_namespace();
    if (chroot(".") != 0)
        cannot("no root directory of its own: ", strerror(errno));
    if (!privileged) {
        /* They would open files that this user may not open. */
        struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
        struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
        if (syscall(SYS_capset, &header, none) != 0)
            cannot("capabilities cannot be dropped: ", strerror(errno));
    }
}
