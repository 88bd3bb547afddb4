//@ wide
/* Nanoseconds go beyond 64 bits in 2262. */
#ifdef __SIZEOF_INT128__
typedef __int128 wide;
#else
typedef long long wide;
#endif

//@ compares()
static inline int compares(wide value, const char *how, wide wanted)
{
    switch (how[0]) {
    case '=': return value == wanted;
    case '!': return value != wanted;
    case '<': return how[1] ? value <= wanted : value < wanted;
    case '>': return how[1] ? value >= wanted : value > wanted;
    }
    return 1; /* it is only shown */
}

//@ show()
static void show(const char *name, const char *value)
{
    size_t length = strlen(got);
    if ((size_t)snprintf(got + length, sizeof got - length, " %s=%s", name, value) >= sizeof got - length)
        cannot("more came back than there is room for: ", name);
}

//@ number()
static void number(const char *name, wide value, const char *how, wide wanted)
{
    char text[48];
    const long long part = 1000000000000000000;
    if (!is_ok())
        return;
    if (value / part / 9 == 0)
        snprintf(text, sizeof text, "%lld", (long long)value);
    else
        snprintf(text, sizeof text, "%lld%018lld", (long long)(value / part), llabs((long long)(value % part)));
    show(name, text);
    differs |= !compares(value, how, wanted);
}

//@ mode()
static void mode(const char *name, unsigned value, const char *how, unsigned wanted)
{
    char text[32];
    if (!is_ok())
        return;
    snprintf(text, sizeof text, "%#o", value);
    show(name, text);
    differs |= !compares(value, how, wanted);
}

//@ has_all()
/* Whether words with `|` between them have all that others have. */
static int has_all(const char *words, const char *wanted)
{
    while (*wanted) {
        size_t length = strcspn(wanted, "|");
        const char *at = words;
        while (strcspn(at, "|") != length || memcmp(at, wanted, length) != 0) {
            at += strcspn(at, "|");
            if (*at++ == '\0')
                return 0;
        }
        wanted += length + (wanted[length] == '|');
    }
    return 1;
}

//@ word()
static void word(const char *name, const char *value, const char *how, const char *wanted)
{
    if (!is_ok())
        return;
    show(name, value);
    differs |= how[0] == '>' ? !has_all(value, wanted) : !compares(strcmp(value, wanted) != 0, how, 0);
}

//@ escape()
/* Bytes in the notation: \xNN for space, \, %, comma and what cannot be printed. */
static char *escape(char *to, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = bytes[i];
        to += sprintf(to, c <= ' ' || c >= 0x7f || strchr("\\%,", c) ? "\\x%02x" : "%c", c);
    }
    *to = '\0';
    return to;
}

//@ bytes()
static void bytes(const char *name, const char *value, long length, const char *how, const char *wanted, long wanted_length)
{
    char text[4 * 64 + 32];
    if (!is_ok())
        return;
    char *end = escape(text, value, length > 64 ? 64 : length);
    if (length > 64)
        sprintf(end, "..(%ld_bytes)", length);
    show(name, text);
    differs |= !compares(length != wanted_length || memcmp(value, wanted, length) != 0, how, 0);
}

//@ add()
static struct name { char *bytes; size_t length; } all_names[1 << 14];
static size_t names_count;

static void add(const char *bytes, size_t length)
{
    char *copy = malloc(length + 1);
    if (!copy || names_count == sizeof all_names / sizeof *all_names)
        cannot("too many names", "");
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    all_names[names_count++] = (struct name){copy, length};
}

//@ names()
static void names(const char *name, const char *how, const char *wanted)
{
    static char text[sizeof got];
    char *end = text;
    if (!is_ok())
        return;
    *end = '\0';
    for (size_t i = 0; i < names_count; i++) {
        if (end + 4 * all_names[i].length + 2 >= text + sizeof text)
            cannot("more came back than there is room for: ", name);
        if (i > 0)
            *end++ = ',';
        end = escape(end, all_names[i].bytes, all_names[i].length);
    }
    show(name, text);
    differs |= !compares(strcmp(text, wanted) != 0, how, 0);
}

//@ sort_names()
/* The order of a directory is nobody's promise. */
static int by_bytes(const void *one, const void *two)
{
    const struct name *a = one, *b = two;
    int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static void sort_names(void)
{
    qsort(all_names, names_count, sizeof *all_names, by_bytes);
}

//@ same()
static void same(const char *kept)
{
    differs |= strcmp(got, kept) != 0;
}

//@ unbound()
static void unbound(const char *name)
{
    printf("cannot go on: step %d uses %s, which no step has bound\n", step_number, name);
    finish(3);
}

//@ bind()
static void bind(int *fd, int opened)
{
    if (result(opened) < 0)
        return;
    if (*fd >= 0)
        close(*fd);
    *fd = opened;
}

//@ error()
/* For functions that return the error. */
static int error(int number)
{
    errno = number;
    return number ? -1 : 0;
}

//@ signal_name()
static const char *signal_name(int number)
{
    static char other[16];
    switch (number) {
    case SIGXFSZ: return "SIGXFSZ";
    case SIGIO: return "SIGIO";
    case SIGBUS: return "SIGBUS";
    case SIGSEGV: return "SIGSEGV";
    case SIGKILL: return "SIGKILL";
    }
    snprintf(other, sizeof other, "SIG%d", number);
    return other;
}

//@ file_type()
static const char *file_type(unsigned mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "dir";
    case S_IFLNK: return "symlink";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFCHR: return "char";
    case S_IFBLK: return "block";
    }
    return "none";
}

//@ ns()
#define ns(time) ((wide)(time).tv_sec * 1000000000 + (time).tv_nsec)

//@ repeat()
static char *repeat(const char *unit, size_t length, size_t count)
{
    char *all = malloc(length * count + 1);
    if (!all)
        cannot("no memory", "");
    for (size_t i = 0; i < count; i++)
        memcpy(all + i * length, unit, length);
    all[length * count] = '\0';
    return all;
}

//@ path_of()
/* A path of this length to `f` or `ff` in the working directory. */
static char *path_of(size_t length)
{
    size_t name = length % 2 ? 1 : length ? 2 : 0;
    char *path = malloc(length + 1);
    if (!path)
        cannot("no memory", "");
    for (size_t i = 0; i < length; i++)
        path[i] = i >= length - name ? 'f' : i % 2 ? '/' : '.';
    path[length] = '\0';
    return path;
}

//@ random_bytes()
/* SplitMix64. */
static char *random_bytes(unsigned long long state, size_t length)
{
    char *bytes = malloc(length + 8);
    if (!bytes)
        cannot("no memory", "");
    for (size_t at = 0; at < length; at += 8) {
        unsigned long long word = state += 0x9e3779b97f4a7c15ULL;
        word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
        word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
        word ^= word >> 31;
        for (int i = 0; i < 8; i++)
            bytes[at + i] = word >> (8 * i);
    }
    return bytes;
}

//@ space()
static char *space(size_t length)
{
    char *data = calloc(1, length + 1);
    if (!data)
        cannot("no memory", "");
    return data;
}

//@ BAD_ADDRESS
#define BAD_ADDRESS ((void *)8) /* in the first page, which is never mapped */

//@ guarded()
/* Memory that ends where a page begins that cannot be touched. */
static char *guarded(const void *data, size_t length)
{
    size_t page = sysconf(_SC_PAGESIZE), usable = (length + page - 1) / page * page;
    char *start = mmap(NULL, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + usable, page, PROT_NONE) != 0)
        cannot("no memory: ", strerror(errno));
    char *buffer = start + usable - length;
    if (data)
        memcpy(buffer, data, length);
    return buffer;
}

//@ again()
/* Something else was mounted or renamed meanwhile: openat2 may be called again. */
static long again(int dir, const char *path, struct open_how *how)
{
    long fd = -1;
    errno = EAGAIN;
    for (int i = 0; i <= 100 && fd < 0 && errno == EAGAIN; i++)
        fd = syscall(SYS_openat2, dir, path, how, sizeof *how);
    return fd;
}

//@ limit_soft()
static int limit_soft(int resource, unsigned long long limit)
{
    struct rlimit both;
    if (getrlimit(resource, &both) != 0)
        return -1;
    both.rlim_cur = limit;
    return setrlimit(resource, &both);
}

//@ relay_output()
/* Goes on in a child whose output this process passes on: a limit for files must not
   be one for what is told. */
static void relay_output(void)
{
    int ends[2], status;
    char text[4096];
    if (pipe(ends) != 0)
        cannot("no pipe: ", strerror(errno));
    pid_t teller = fork();
    if (teller == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_CORE, &(struct rlimit){1, 1});
        return;
    }
    close(ends[1]);
    for (ssize_t length; (length = read(ends[0], text, sizeof text)) > 0;)
        if (write(STDOUT_FILENO, text, length) != length)
            break;
    if (waitpid(teller, &status, 0) != teller || !WIFEXITED(status))
        _exit(3);
    _exit(WEXITSTATUS(status));
}

//@ mount_base()
/* The directory `base` once more, with flags that only hold there. */
static void mount_base(const char *name, unsigned long flags)
{
    struct statvfs below;
    if (mkdir(name, 0700) != 0 || chmod(name, 0777) != 0 || mount("base", name, NULL, MS_BIND, NULL) != 0 ||
        statvfs(name, &below) != 0 ||
        /* RDONLY, NOSUID, NODEV and NOEXEC are the same numbers for both. */
        mount(NULL, name, NULL, MS_BIND | MS_REMOUNT | flags | (below.f_flag & 15), NULL) != 0)
        cannot("no mount: ", strerror(errno));
}

//@ begin_mounts()
/* Mounts are made where nobody else sees them, and end with this process. */
static void begin_mounts(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        cannot("no mount namespace: ", strerror(errno));
    if (mkdir("base", 0700) != 0 || chmod("base", 0777) != 0)
        cannot("no directory `base`: ", strerror(errno));
    /* The descriptor that there is stayed where the mounts are not. */
    close(top);
    top = open("..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

//@ proc_path()
/* For calls that take no path below a descriptor. */
static const char *proc_path(int dir, const char *path)
{
    static char name[32];
    int fd = openat(dir, path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return path[0] ? path : "";
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return name;
}

//@ bind_map()
struct map { char *start; size_t length; };

static void bind_map(struct map *map, char *start, size_t length)
{
    if (result((long)(intptr_t)start) == -1)
        return;
    if (map->start)
        munmap(map->start, map->length);
    map->start = start;
    map->length = length;
}

//@ touch()
static sigjmp_buf untouched;

static void jump(int signal)
{
    siglongjmp(untouched, signal);
}

/* Copies bytes one by one; a signal is the outcome where there is no memory. */
static void touch(volatile char *to, const volatile char *from, size_t length)
{
    signal(SIGBUS, jump);
    signal(SIGSEGV, jump);
    int raised = sigsetjmp(untouched, 1);
    if (raised == 0)
        for (size_t i = 0; i < length; i++)
            to[i] = from[i];
    signal(SIGBUS, SIG_DFL);
    signal(SIGSEGV, SIG_DFL);
    outcome_is(raised == SIGBUS ? "SIGBUS" : raised == SIGSEGV ? "SIGSEGV" : "ok");
}

//@ struct handle
struct handle { unsigned bytes; int type; unsigned char handle[128]; };

//@ add_names()
/* Takes names that each end in a NUL. */
static void add_names(const char *list, long length)
{
    names_count = 0;
    for (long at = 0; at < length; at += strlen(list + at) + 1)
        if (list[at])
            add(list + at, strlen(list + at));
    sort_names();
}

//@ add_acl()
/* Takes the entries of an ACL (linux/posix_acl_xattr.h). */
static void add_acl(const char *acl, long length)
{
    names_count = 0;
    if (length == -1 && errno == ENODATA)
        length = 0; /* the mode says all */
    result(length);
    for (long at = 4; at + 8 <= length; at += 8) {
        unsigned short tag, bits;
        unsigned id;
        char text[32], number[16] = "";
        memcpy(&tag, acl + at, 2);
        memcpy(&bits, acl + at + 2, 2);
        memcpy(&id, acl + at + 4, 4);
        if (id != (unsigned)-1)
            snprintf(number, sizeof number, "%u", id);
        char kind = tag <= 2 ? 'u' : tag <= 8 ? 'g' : tag == 16 ? 'm' : 'o';
        char r = bits & 4 ? 'r' : '-', w = bits & 2 ? 'w' : '-', x = bits & 1 ? 'x' : '-';
        add(text, snprintf(text, sizeof text, "%c:%s:%c%c%c", kind, number, r, w, x));
    }
}

//@ list_names()
/* Takes the names in an open directory, and closes it; with their types if asked for. */
static int list_names(int fd, int with_types)
{
    names_count = 0;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return -1;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat st = {0};
        char text[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (with_types)
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW);
        const char *type = with_types ? file_type(st.st_mode) : "";
        add(text, snprintf(text, sizeof text, "%s%s%s", entry->d_name, with_types ? ":" : "", type));
    }
    int failed = errno;
    closedir(dir);
    sort_names();
    return error(failed);
}

//@ read_names()
struct entry { unsigned long long ino; long long offset; unsigned short length; unsigned char type; char name[]; };

/* Takes at most so many entries from the position on, which is then behind them. */
static off_t read_names(int fd, unsigned long count)
{
    static _Alignas(8) char data[32 * 1024];
    off_t at = lseek(fd, 0, SEEK_CUR);
    long length;
    names_count = 0;
    do {
        length = syscall(SYS_getdents64, fd, data, sizeof data);
        for (long i = 0; i < length;) {
            struct entry *entry = (struct entry *)(data + i);
            if (names_count == count) {
                lseek(fd, at, SEEK_SET);
                length = 0;
                break;
            }
            add(entry->name, strlen(entry->name));
            at = entry->offset;
            i += entry->length;
        }
    } while (length > 0 && names_count < count);
    result(length < 0 ? -1 : 0);
    return at;
}

//@ remove_names()
/* Removes what was read and is no directory, as `rm -r` does between two reads. */
static void remove_names(int dir)
{
    for (size_t i = 0; is_ok() && i < names_count; i++) {
        const char *name = all_names[i].bytes;
        if (strcmp(name, ".") && strcmp(name, "..") && unlinkat(dir, name, 0) != 0 && errno != EISDIR && errno != EPERM)
            result(-1);
    }
}

//@ walk()
/* Takes DIR:NAME of all below a directory, a directory's name with a `/` behind it. */
static void walk_into(int dir, const char *path, int nofollow)
{
    char text[8192];
    struct stat st;
    DIR *open = fdopendir(openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (struct dirent *entry; open && (entry = readdir(open));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int is_dir = fstatat(dirfd(open), entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
        add(text, snprintf(text, sizeof text, "%s:%s%s", path, entry->d_name, is_dir ? "/" : ""));
        fstatat(dirfd(open), entry->d_name, &st, nofollow);
        if (is_dir && S_ISDIR(st.st_mode)) {
            snprintf(text, sizeof text, "%s/%s", path, entry->d_name);
            walk_into(dir, text, nofollow);
        }
    }
    if (open)
        closedir(open);
}

static int walk(int dir, const char *path, int nofollow)
{
    names_count = 0;
    int top_fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top_fd < 0)
        return -1;
    close(top_fd);
    walk_into(dir, path, nofollow);
    sort_names();
    return 0;
}

//@ tree()
/* Takes PATH:TYPE:MODE:UID:GID and what else tells of a change, of all below a directory. */
static int tree_node(const char *top, const char *below)
{
    char path[8192], text[1 << 14], value[1 << 12], list[1 << 12];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", top, below);
    if (lstat(path, &st) != 0)
        return -1;
    int length = snprintf(text, sizeof text, "%s:%s:%#o:%u:%u", below, file_type(st.st_mode), st.st_mode & 07777,
                          st.st_uid, st.st_gid);
    int sized = S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
    if (!S_ISDIR(st.st_mode))
        length += snprintf(text + length, sizeof text - length, ":n=%ld", (long)st.st_nlink);
    if (sized)
        length += snprintf(text + length, sizeof text - length, ":s=%lld", (long long)st.st_size);
    if (st.st_rdev)
        length += snprintf(text + length, sizeof text - length, ":d=%#llx", (unsigned long long)st.st_rdev);
    int fd = S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd >= 0) {
        unsigned long long hash = 0xcbf29ce484222325ULL;
        for (long count; (count = read(fd, value, sizeof value)) > 0;)
            for (long i = 0; i < count; i++)
                hash = (hash ^ (unsigned char)value[i]) * 0x100000001b3ULL;
        close(fd);
        length += snprintf(text + length, sizeof text - length, ":h=%016llx", hash);
    }
    if (S_ISLNK(st.st_mode)) {
        long count = readlink(path, value, sizeof value);
        length += snprintf(text + length, sizeof text - length, ":t=%.*s", count < 0 ? 0 : (int)count, value);
    }
    long names_length = llistxattr(path, list, sizeof list);
    for (long at = 0; at < names_length; at += strlen(list + at) + 1) {
        long count = lgetxattr(path, list + at, value, sizeof value);
        length += snprintf(text + length, sizeof text - length, ":x.%s=", list + at);
        if (count > 0 && length + count < (long)sizeof text) {
            memcpy(text + length, value, count);
            length += count;
        }
    }
    length += snprintf(text + length, sizeof text - length, ":m=%lld", (long long)ns(st.st_mtim));
    add(text, length);
    DIR *dir = S_ISDIR(st.st_mode) ? opendir(path) : NULL;
    if (S_ISDIR(st.st_mode) && !dir)
        return -1;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", below, entry->d_name);
        if (tree_node(top, strcmp(below, ".") ? path : entry->d_name) != 0)
            return -1;
    }
    if (dir)
        closedir(dir);
    return 0;
}

static int tree(const char *top, const char *below)
{
    names_count = 0;
    int failed = tree_node(top, below);
    sort_names();
    return failed;
}

//@ lock_kind()
static const char *lock_kind(int kind)
{
    return kind == F_RDLCK ? "READ" : kind == F_WRLCK ? "WRITE" : "UNLOCK";
}

//@ open_flags()
static const char *open_flags(int flags)
{
    static const struct { int flag; const char *name; } all[] = {
        {O_PATH, "PATH"}, {O_APPEND, "APPEND"}, {O_TMPFILE, "TMPFILE"}, {O_DIRECTORY, "DIRECTORY"},
        {O_NOFOLLOW, "NOFOLLOW"}, {O_DIRECT, "DIRECT"}, {O_SYNC, "SYNC"}, {O_DSYNC, "DSYNC"},
        {O_NONBLOCK, "NONBLOCK"}, {O_NOATIME, "NOATIME"}, {O_ASYNC, "ASYNC"}, {O_WRONLY, "WRONLY"}, {O_RDWR, "RDWR"},
    };
    static char text[128];
    text[0] = '\0';
    flags &= ~0100000; /* set by 64-bit kernels in every descriptor */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if ((flags & all[i].flag) == all[i].flag) {
            flags &= ~all[i].flag;
            sprintf(text + strlen(text), "%s%s", text[0] ? "|" : "", all[i].name);
        }
    return text[0] ? text : "RDONLY";
}

//@ mount_flags()
static const char *mount_flags(unsigned long flags)
{
    static const struct { unsigned long flag; const char *name; } all[] = {
        {ST_RDONLY, "RDONLY"}, {ST_NOSUID, "NOSUID"}, {ST_NODEV, "NODEV"}, {ST_NOEXEC, "NOEXEC"},
        {ST_SYNCHRONOUS, "SYNCHRONOUS"}, {ST_MANDLOCK, "MANDLOCK"}, {ST_NOATIME, "NOATIME"},
        {ST_NODIRATIME, "NODIRATIME"}, {ST_RELATIME, "RELATIME"},
    };
    static char text[128];
    text[0] = '\0';
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (flags & all[i].flag)
            sprintf(text + strlen(text), "%s%s", text[0] ? "|" : "", all[i].name);
    return text[0] ? text : "0";
}

//@ parent_of()
/* The length of the path of what holds a path's last name; 0 if there is none. */
static size_t parent_of(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    return length;
}

//@ makedirs()
/* As Python's: parents get the mode 0777. */
static int makedirs(int dir, const char *path, mode_t mode, int exist_ok)
{
    struct stat st;
    size_t length = parent_of(path, strlen(path));
    if (length > 0) {
        char *parent = strndup(path, length);
        int failed = fstatat(dir, parent, &st, 0) != 0 && makedirs(dir, parent, 0777, 0) != 0 && errno != EEXIST;
        free(parent);
        if (failed)
            return -1;
    }
    if (mkdirat(dir, path, mode) == 0)
        return 0;
    int failed = errno;
    if (exist_ok && fstatat(dir, path, &st, 0) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return error(failed);
}

//@ removedirs()
/* As Python's: the directory, and then its parents while they are empty. */
static int removedirs(int dir, const char *path)
{
    if (unlinkat(dir, path, AT_REMOVEDIR) != 0)
        return -1;
    for (size_t length = strlen(path); (length = parent_of(path, length)) > 0;) {
        char *parent = strndup(path, length);
        int stop = unlinkat(dir, parent, AT_REMOVEDIR) != 0;
        free(parent);
        if (stop)
            break;
    }
    return 0;
}

//@ renames()
/* As Python's: makes the new parents, and removes the old ones that are empty. */
static int renames(const char *from, const char *to)
{
    struct stat st;
    char *parent = strndup(to, parent_of(to, strlen(to)));
    if (parent[0] && stat(parent, &st) != 0 && makedirs(AT_FDCWD, parent, 0777, 0) != 0)
        return -1;
    if (renameat(AT_FDCWD, from, AT_FDCWD, to) != 0)
        return -1;
    parent = strndup(from, parent_of(from, strlen(from)));
    if (parent[0])
        removedirs(AT_FDCWD, parent);
    return 0;
}

//@ tick()
/* Waits until the file system's clock moves on. */
static int tick(const char *dir)
{
    char path[4096];
    struct stat st;
    wide first = 0;
    snprintf(path, sizeof path, "%s/.tick", dir);
    for (int round = 0;; round++) {
        int fd = openat(AT_FDCWD, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0 || fstat(fd, &st) != 0 || close(fd) != 0 || unlink(path) != 0)
            return -1;
        if (round == 0)
            first = ns(st.st_mtim);
        if (ns(st.st_mtim) > first)
            return 0;
        usleep(250);
    }
}

//@ struct running
struct running { pid_t pid; int input; };

//@ end_program()
/* Has a program end: its status, as waitpid tells it. */
static int end_program(const struct running *program)
{
    int status = -1;
    dprintf(program->input, "x");
    close(program->input);
    waitpid(program->pid, &status, 0);
    return status;
}

//@ spawn()
/* Runs a file, which waits until it can read something. */
static void spawn(struct running *program, int dir, const char *path)
{
    int input[2];
    volatile int failed = 0; /* by the child, whose memory is this one until it is a program */
    int file = result(openat(dir, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (file < 0 || result(pipe2(input, O_CLOEXEC)) != 0)
        return;
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(input[0], STDIN_FILENO);
        syscall(SYS_execveat, file, "", (char *[]){"program", NULL}, (char *[]){NULL}, AT_EMPTY_PATH);
        failed = errno;
        _exit(127);
    }
    if (pid < 0)
        failed = errno;
    close(file);
    close(input[0]);
    struct running running = {pid, input[1]};
    if (failed || !program)
        end_program(&running);
    else
        *program = running;
    result(error(failed));
}

//@ fill()
/* Takes all room that a small file system has, or that a directory in it can get: how much there was. */
static long fill(int fd)
{
    static const size_t sizes[] = {1 << 20, 4096, 1};
    char name[256], *data = random_bytes(1, sizes[0]);
    long count = 0, written;
    struct statvfs space;
    struct stat st;
    if (fstatvfs(fd, &space) != 0 || fstat(fd, &st) != 0)
        return -1;
    if (space.f_bfree * space.f_frsize > 256UL << 20)
        cannot("this fills a file system, and one with more than 256 MiB free is too large: ", "take a small one");
    for (; S_ISDIR(st.st_mode) && count < 4096; count++) {
        snprintf(name, sizeof name, "%0255ld", count);
        int made = openat(fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0400);
        if (made < 0)
            return errno == ENOSPC ? count : -1;
        close(made);
    }
    /* What was reserved for more than it took is free again once it is written back. */
    for (int round = 0; !S_ISDIR(st.st_mode) && round < 2; round++) {
        for (int i = 0; i < 3; i++) {
            while ((written = write(fd, data, sizes[i])) > 0)
                count += written;
            if (written < 0 && errno != ENOSPC)
                return -1;
        }
        if (fsync(fd) != 0 && errno != ENOSPC)
            return -1;
    }
    return count;
}

//@ inode_flags()
static const char *inode_flags(int flags)
{
    static const struct { int flag; const char *name; } all[] = {
        {FS_IMMUTABLE_FL, "IMMUTABLE"}, {FS_APPEND_FL, "APPEND"}, {FS_NODUMP_FL, "NODUMP"},
        {FS_NOATIME_FL, "NOATIME"}, {FS_SYNC_FL, "SYNC"}, {FS_DIRSYNC_FL, "DIRSYNC"},
    };
    static char text[128];
    text[0] = '\0';
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (flags & all[i].flag) {
            flags &= ~all[i].flag;
            sprintf(text + strlen(text), "%s%s", text[0] ? "|" : "", all[i].name);
        }
    if (flags || !text[0])
        sprintf(text + strlen(text), "%s%#x", text[0] ? "|" : "", flags);
    return text;
}
