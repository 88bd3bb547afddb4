/* The directory of this run, which is removed at the end. */

static char directory[] = "reproduce.XXXXXX";
static int top = -1; /* where it is */
static int keep;

//@if flags
/* FS_IOC_SETFLAGS, with the flags that are there but for these. */
static int change_flags(int fd, int set, int clear)
{
    int flags;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
        return -1;
    flags = (flags & ~clear) | set;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

//@end
static void remove_all(int parent, const char *name)
{
//@if flags
    int flagged = openat(parent, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (flagged >= 0) {
        change_flags(flagged, 0, FS_IMMUTABLE_FL | FS_APPEND_FL);
        close(flagged);
    }
//@end
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return;
    fchmodat(parent, name, 0700, 0);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            remove_all(fd, entry->d_name);
    if (dir)
        closedir(dir);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static void leave_directory(void)
{
    if (top < 0)
        return;
//@insert unmounts
    if (keep)
        printf("kept: %s\n", directory);
    else
        remove_all(top, directory);
}

static void make_directory(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *parent = ".";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--keep") == 0)
            keep = 1;
        else if (argv[i][0] != '-')
            parent = argv[i];
        else
            cannot("usage: ", "reproduce [--keep] [DIR]");
    }
    if (chdir(parent) != 0)
        cannot(strerror(errno), "");
    if (!mkdtemp(directory))
        cannot("no directory can be made: ", strerror(errno));
    top = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (chmod(directory, 0777) != 0 || chdir(directory) != 0)
        cannot("the directory cannot be entered: ", strerror(errno));
    umask(022);
}
