#@ become
def become(uid, gid, groups):
    try:
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    except OSError as error:
        cannot("another user cannot be become: %s" % error)


#@ lack
def lack(capability):
    """Gives up a capability, one of the first 32."""
    header, sets = struct.pack("Ii", 0x20080522, 0), ctypes.create_string_buffer(24)
    try:
        libc("capget", header, sets)
        words = struct.unpack("6I", sets.raw)
        libc("capset", header, struct.pack("6I", *[word & ~(1 << capability) for word in words[:3]], *words[3:]))
    except OSError as error:
        cannot("a capability cannot be given up: %s" % error)


#@ change_root
def change_root():
    """Makes the working directory the root directory."""
    privileged = os.geteuid() == 0
    try:
        if not privileged:
            # Only with a user namespace, whose capabilities are dropped after.
            uid, gid = os.getuid(), os.getgid()
            libc("unshare", 0x10000000)
            for name, text in ("setgroups", "deny"), ("gid_map", "%d %d 1" % (gid, gid)), ("uid_map", "%d %d 1" % (uid, uid)):
                with open("/proc/self/" + name, "w") as file:
                    file.write(text)
        os.chroot(".")
        if not privileged:
            libc("capset", struct.pack("Ii", 0x20080522, 0), bytes(24))
    except OSError as error:
        cannot("no root directory of its own: %s" % error)


#@ LIBC
LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_EACCESS = 0x200
AT_SYMLINK_FOLLOW = 0x400
AT_EMPTY_PATH = 0x1000


#@ libc
def libc(name, *arguments, returns=ctypes.c_int):
    """A function of the C library that `os` lacks."""
    if not hasattr(LIBC, name):
        cannot("the C library has no " + name)
    function = getattr(LIBC, name)
    function.restype = returns
    returned = function(*[ctypes.c_long(value) if isinstance(value, int) else value for value in arguments])
    if returned == -1:
        raise OSError(ctypes.get_errno(), name)
    return returned


#@ syscall
def syscall(number, *arguments):
    return libc("syscall", number, *arguments, returns=ctypes.c_long)


#@ returned
def returned(number, *arguments):
    return {"ret": syscall(number, *arguments)}


#@ BAD_ADDRESS
BAD_ADDRESS = 8  # in the first page, which is never mapped


#@ map_memory
def map_memory(length, protection, flags, fd, offset):
    address = ctypes.c_void_p(-1).value
    LIBC.mmap.restype = ctypes.c_void_p
    mapped = LIBC.mmap(None, ctypes.c_size_t(length), protection, flags, fd, ctypes.c_long(offset))
    if mapped == address:
        raise OSError(ctypes.get_errno(), "mmap")
    return mapped, length


#@ guarded
def guarded(data):
    """Memory with these bytes that ends where a page begins that cannot be touched."""
    page = mmap.PAGESIZE
    usable = (len(data) + page - 1) // page * page
    start, _ = map_memory(usable + page, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    libc("mprotect", start + usable, page, 0)
    ctypes.memmove(start + usable - len(data), data, len(data))
    return start + usable - len(data)


#@ touch
def touch(access):
    """Accesses memory, in a child first: a signal is the outcome where there is none."""
    global outcome
    child = os.fork()
    if child == 0:
        access()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        outcome = (signal.Signals(os.WTERMSIG(status)).name, {})
    else:
        attempt(access)


#@ load
def load(mapped, offset, length):
    touch(lambda: data_of(ctypes.string_at(mapped[0] + offset, length)))


#@ store
def store(mapped, offset, data):
    touch(lambda: ctypes.memmove(mapped[0] + offset, data, len(data)) and None)


#@ unbound
def unbound(name):
    print("cannot go on: step %d uses %s, which no step has bound" % (step_number, name))
    finish(3)


#@ bind
def bind(old, new):
    """What a register is after a call: the old one where the call failed."""
    if new is None:
        return old
    if old is not None:
        os.close(old)
    return new


#@ opened
def opened(function, *arguments, **named):
    os.close(function(*arguments, **named))


#@ path_of
def path_of(length):
    """A path of this length to `f` or `ff` in the working directory."""
    name = b"f" if length % 2 else b"ff" if length else b""
    return b"./" * ((length - len(name)) // 2) + name


#@ random_bytes
def random_bytes(state, length):
    """SplitMix64."""
    data = bytearray()
    while len(data) < length:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        word = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        word = (word ^ word >> 27) * 0x94D049BB133111EB % 2**64
        data += (word ^ word >> 31).to_bytes(8, "little")
    return bytes(data[:length])


#@ file_type
def file_type(mode):
    types = {
        stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo",
        stat.S_IFSOCK: "socket", stat.S_IFCHR: "char", stat.S_IFBLK: "block",
    }
    return types.get(stat.S_IFMT(mode), "none")


#@ status
def status(path, **named):
    st = os.stat(path, **named)
    fields = {"type": file_type(st.st_mode), "mode": stat.S_IMODE(st.st_mode)}
    names = "ino dev nlink uid gid rdev size blocks blksize atime_ns mtime_ns ctime_ns"
    fields.update((name, getattr(st, "st_" + name)) for name in names.split())
    return fields


#@ statx
def statx(dir_fd, path, flags):
    buffer = ctypes.create_string_buffer(256)
    libc("statx", dir_fd, path, flags, 0x1FFF, buffer)  # the basic ones, birth time, mount
    names = "mask blksize attributes nlink uid gid mode ino size blocks attributes_mask"
    values = struct.unpack("IIQIIIH2xQQQQ", buffer.raw[:64])
    fields = dict(zip(names.split(), values))
    times = struct.unpack("qIi" * 4, buffer.raw[64:128])
    times = [times[at] * 10**9 + times[at + 1] for at in range(0, 12, 3)]
    fields.update(zip(["atime_ns", "btime_ns", "ctime_ns", "mtime_ns"], times))
    rdev_major, rdev_minor, major, minor, mount = struct.unpack("IIIIQ", buffer.raw[128:152])
    fields.update(rdev=os.makedev(rdev_major, rdev_minor), dev=os.makedev(major, minor), mnt_id=mount)
    mask = fields.pop("mask")
    fields.pop("attributes_mask")
    for field, bit in ("btime_ns", 0x800), ("mnt_id", 0x1000):
        if not mask & bit:
            fields.pop(field)
    fields.update(type=file_type(fields["mode"]), mode=stat.S_IMODE(fields["mode"]))
    return fields


#@ statvfs
def statvfs(path):
    vfs = os.statvfs(path)
    names = "bsize frsize blocks bfree bavail files ffree favail namemax"
    fields = {name: getattr(vfs, "f_" + name) for name in names.split()}
    flags = "RDONLY NOSUID NODEV NOEXEC SYNCHRONOUS MANDLOCK NOATIME NODIRATIME RELATIME".split()
    fields["flags"] = "|".join(flag for flag in flags if vfs.f_flag & getattr(os, "ST_" + flag)) or "0"
    return fields


#@ openat2
def openat2(dir_fd, path, how):
    """openat2(2), again where something else was mounted or renamed meanwhile."""
    for _ in range(100):
        try:
            return syscall(437, dir_fd, path, how, len(how))
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
    return syscall(437, dir_fd, path, how, len(how))


#@ limit_soft
def limit_soft(kind, limit):
    resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))


#@ set_signal
def set_signal(number, action):
    signal.signal(number, action)


#@ relay_output
def relay_output():
    """Goes on in a child whose output this process passes on: a limit for files must not
    be one for what is told."""
    reading, writing = os.pipe()
    teller = os.fork()
    if teller == 0:
        os.dup2(writing, 1)
        os.close(reading)
        os.close(writing)
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
        return
    os.close(writing)
    while True:
        text = os.read(reading, 4096)
        if not text:
            break
        os.write(1, text)
    _, status = os.waitpid(teller, 0)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 3)


#@ mount_base
def mount_base(name, flags):
    """The directory `base` once more, with flags that only hold there."""
    try:
        os.mkdir(name)
        os.chmod(name, 0o777)
        libc("mount", b"base", name, None, 0x1000, None)
        # RDONLY, NOSUID, NODEV and NOEXEC are the same numbers for both.
        libc("mount", None, name, None, 0x1020 | flags | os.statvfs(name).f_flag & 15, None)
    except OSError as error:
        cannot("no mount: %s" % error)


#@ begin_mounts
def begin_mounts():
    """Mounts are made where nobody else sees them, and end with this process."""
    try:
        libc("unshare", 0x20000)
        libc("mount", None, b"/", None, 0x44000, None)
        os.mkdir("base")
        os.chmod("base", 0o777)
        # The descriptor that there is stayed where the mounts are not.
        os.dup2(os.open("..", os.O_RDONLY | os.O_DIRECTORY), top)
    except OSError as error:
        cannot("no mount namespace: %s" % error)


#@ proc_path
def proc_path(path, dir_fd):
    """For calls that take no path below a descriptor."""
    return b"/proc/self/fd/%d" % os.open(path, os.O_PATH, dir_fd=dir_fd)


#@ change_dir
def change_dir(path, dir_fd):
    fd = os.open(path, os.O_PATH, dir_fd=dir_fd)
    try:
        os.fchdir(fd)
    finally:
        os.close(fd)


#@ timespec
def timespec(*times):
    """Times for utimensat: nanoseconds, or what the call knows by a number."""
    parts = [time if isinstance(time, tuple) else divmod(time, 10**9) for time in times]
    return struct.pack("qqqq", *parts[0], *parts[1])


#@ UTIME_NOW
UTIME_NOW = (0, 0x3FFFFFFF)


#@ UTIME_OMIT
UTIME_OMIT = (0, 0x3FFFFFFE)


#@ limit_of
def limit_of(path, name):
    limit = os.pathconf(path, name)
    return {} if limit == -1 else {"limit": limit}


#@ xattr_value
def xattr_value(path, name, **named):
    return {"value": os.getxattr(path, name, **named)}


#@ xattr_names
def xattr_names(path, **named):
    return {"names": sorted(map(os.fsencode, os.listxattr(path, **named)))}


#@ acl_of
def acl_of(path, name):
    """The entries of an ACL (linux/posix_acl_xattr.h)."""
    try:
        value = os.getxattr(path, name)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        value = b""  # the mode says all
    entries = []
    for tag, bits, uid in struct.iter_unpack("<HHI", value[4:]):
        kind = {1: "u", 2: "u", 4: "g", 8: "g", 16: "m", 32: "o"}.get(tag, "?")
        letters = "".join(letter if bits & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1)))
        entries.append(("%s:%s:%s" % (kind, "" if uid == 0xFFFFFFFF else uid, letters)).encode())
    return {"acl": entries}


#@ link_text
def link_text(path, **named):
    return {"target": os.readlink(path, **named)}


#@ handle_of
def handle_of(dir_fd, path, flags):
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 136)
    libc("name_to_handle_at", dir_fd, path, handle, ctypes.byref(ctypes.c_int()), flags)
    return handle


#@ data_of
def data_of(data):
    return {"count": len(data), "data": data}


#@ read
def read(fd, length):
    return data_of(os.read(fd, length))


#@ pread
def pread(fd, length, offset):
    return data_of(os.pread(fd, length, offset))


#@ read_parts
def read_parts(function, fd, lengths, *arguments):
    parts = [bytearray(length) for length in lengths]
    count = function(fd, parts, *arguments)
    return data_of(b"".join(parts)[:count])


#@ counted
def counted(function, *arguments, **named):
    return {"count": function(*arguments, **named)}


#@ seek
def seek(fd, offset, whence):
    return {"offset": os.lseek(fd, offset, whence)}


#@ at
def at(offset):
    """An offset that a call may move on."""
    return ctypes.byref(ctypes.c_longlong(offset))


#@ copy_file_range
def copy_file_range(src, src_offset, dst, dst_offset, count):
    return {"count": libc("copy_file_range", src, src_offset, dst, dst_offset, count, 0, returns=ctypes.c_long)}


#@ lock
def lock(fd, command, kind, start, length):
    """fcntl(2) with a struct flock."""
    held = fcntl.fcntl(fd, command, struct.pack("hhqqi0q", kind, os.SEEK_SET, start, length, 0))
    kind, _, start, length, _ = struct.unpack("hhqqi0q", held)
    return {"kind": {fcntl.F_RDLCK: "READ", fcntl.F_WRLCK: "WRITE"}.get(kind, "UNLOCK"), "start": start, "length": length}


#@ names_in
def names_in(path):
    return {"names": sorted(map(os.fsencode, os.listdir(path)))}


#@ entries_in
def entries_in(path):
    with os.scandir(path) as entries:
        types = [(os.fsencode(entry.name), file_type(entry.stat(follow_symlinks=False).st_mode)) for entry in entries]
    return {"entries": sorted(name + b":" + kind.encode() for name, kind in types)}


#@ read_names
def read_names(fd, count, remove=False):
    """At most so many entries from the position on, which is then behind them; with
    `remove`, those that are no directories are removed, as `rm -r` does between two reads."""
    names, offset = [], os.lseek(fd, 0, os.SEEK_CUR)
    buffer = ctypes.create_string_buffer(32 * 1024)
    while len(names) < count:
        length = libc("getdents64", fd, buffer, len(buffer), returns=ctypes.c_long)
        place = 0
        while place < length:
            _, following, size, _ = struct.unpack_from("QqHB", buffer, place)
            if len(names) == count:
                os.lseek(fd, offset, os.SEEK_SET)
                break
            names.append(buffer.raw[place + 19 : place + size].split(b"\0")[0])
            offset = following
            place += size
        if length == 0:
            break
    for name in names if remove else []:
        try:
            if name not in (b".", b".."):
                os.unlink(name, dir_fd=fd)
        except OSError as error:
            if error.errno not in (errno.EISDIR, errno.EPERM):
                raise
    return {"names": names, "offset": offset}


#@ walked
def walked(steps):
    entries = []
    for path, dirs, files, *_ in steps:
        entries += [path + b":" + name + b"/" for name in dirs] + [path + b":" + name for name in files]
    return {"entries": sorted(entries)}


#@ tree
def tree(top):
    """PATH:TYPE:MODE:UID:GID and what else tells of a change, of all below a directory."""
    nodes, left = [], [b"."]
    while left:
        below = left.pop()
        path = os.path.join(top, below)
        st = os.lstat(path)
        kind = file_type(st.st_mode)
        node = [below, kind, "%o" % stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, st.st_rdev, st.st_mtime_ns]
        if kind != "dir":
            node.append(st.st_nlink)
        if kind == "file":
            try:
                with open(path, "rb") as file:
                    node.append(file.read())
            except PermissionError:
                node.append(None)
        if kind == "symlink":
            node.append(os.readlink(path))
        try:
            for name in sorted(os.listxattr(path, follow_symlinks=False)):
                node += [name, os.getxattr(path, name, follow_symlinks=False)]
        except OSError:
            pass
        if kind == "dir":
            names = os.listdir(path)
            left += [name if below == b"." else os.path.join(below, name) for name in names]
        nodes.append(repr(node).encode())
    return {"entries": sorted(nodes)}


#@ get_cwd
def get_cwd():
    return {"path": os.getcwdb()}


#@ set_umask
def set_umask(mode):
    return {"mode": os.umask(mode)}


#@ open_flags
def open_flags(fd):
    flags = fcntl.fcntl(fd, fcntl.F_GETFL) & ~0o100000  # set by 64-bit kernels in every descriptor
    words = []
    for name in "PATH APPEND TMPFILE DIRECTORY NOFOLLOW DIRECT SYNC DSYNC NONBLOCK NOATIME ASYNC WRONLY RDWR".split():
        flag = getattr(os, "O_" + name)
        if flags & flag == flag:
            flags &= ~flag
            words.append(name)
    return {"flags": "|".join(words) or "RDONLY"}


#@ tick
def tick(path):
    """Waits until the file system's clock moves on."""
    first = None
    while True:
        name = os.path.join(path, b".tick")
        fd = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        made_at = os.fstat(fd).st_mtime_ns
        os.close(fd)
        os.unlink(name)
        first = made_at if first is None else first
        if made_at > first:
            return
        time.sleep(0.00025)


#@ spawn
def spawn(path, **named):
    """Runs a file, which waits until it can read something: its process, and from where."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK, **named)
    (source, input), (told, failure) = os.pipe(), os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.dup2(source, 0)
            os.execve(file, ["program"], {})
        except OSError as error:
            os.write(failure, b"%d" % error.errno)
        os._exit(127)
    for fd in file, source, failure:
        os.close(fd)
    failed = os.read(told, 16)  # it ends when the child is a program
    os.close(told)
    if failed:
        os.close(input)
        os.waitpid(process, 0)
        raise OSError(int(failed), "execve")
    return process, input


#@ reap
def reap(process, input):
    """Has a program end; a signal that ended it is the outcome."""
    global outcome
    try:
        os.write(input, b"x")
    except BrokenPipeError:
        pass
    os.close(input)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        outcome = (signal.Signals(os.WTERMSIG(status)).name, {})
    else:
        outcome = ("ok", {"status": os.WEXITSTATUS(status)})


#@ run_to_end
def run_to_end(path, **named):
    reap(*spawn(path, **named))


#@ fill
def fill(fd):
    """Takes all room that a small file system has, or that a directory in it can get: how much there was."""
    count, data, space = 0, os.urandom(1 << 20), os.fstatvfs(fd)
    if space.f_bfree * space.f_frsize > 256 << 20:
        cannot("this fills a file system, and one with more than 256 MiB free is too large: take a small one")

    def finds_room(function, *arguments, **named):
        try:
            return function(*arguments, **named)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        return None

    if stat.S_ISDIR(os.fstat(fd).st_mode):
        while count < 4096:
            made = finds_room(os.open, "%0255d" % count, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400, dir_fd=fd)
            if made is None:
                break
            os.close(made)
            count += 1
        return {"count": count}
    for _ in range(2):
        for size in 1 << 20, 4096, 1:
            while written := finds_room(os.write, fd, data[:size]):
                count += written
        # What was reserved for more than it took is free again once it is written back.
        finds_room(os.fsync, fd)
    return {"count": count}


#@ inode_flags
def inode_flags(fd):
    flags, words = flags_of(fd), []
    for name, flag in dict(IMMUTABLE=0x10, APPEND=0x20, NODUMP=0x40, NOATIME=0x80, SYNC=0x8, DIRSYNC=0x10000).items():
        if flags & flag:
            flags &= ~flag
            words.append(name)
    return {"flags": "|".join(words + ["%#x" % flags] if flags or not words else words)}
