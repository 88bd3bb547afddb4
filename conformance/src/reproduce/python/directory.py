# The directory of this run, which is removed at the end.

top = directory = None


#@if flags
FS_IOC_GETFLAGS = 0x80006601 | struct.calcsize("l") << 16
FS_IOC_SETFLAGS = 0x40006602 | struct.calcsize("l") << 16


def flags_of(fd):
    return struct.unpack_from("i", fcntl.ioctl(fd, FS_IOC_GETFLAGS, bytes(8)))[0]


def change_flags(fd, set, clear):
    """FS_IOC_SETFLAGS, with the flags that are there but for these."""
    fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("ii", flags_of(fd) & ~clear | set, 0))


def clear_flags(path):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        change_flags(fd, 0, 0x30)  # IMMUTABLE, APPEND
        os.close(fd)
    except OSError:
        pass


#@end
def leave_directory():
    if directory is None:
        return
    os.fchdir(top)
#@insert unmounts
    if "--keep" in sys.argv:
        print("kept:", directory)
        return
#@if flags
    for path, _, names in os.walk(directory):
        for name in ["."] + names:
            clear_flags(os.path.join(path, name))
#@end
    for path, _, _ in os.walk(directory):
        os.chmod(path, 0o700)
    os.chmod(directory, 0o700)
    shutil.rmtree(directory, ignore_errors=True)


def make_directory():
    global top, directory
    sys.stdout.reconfigure(line_buffering=True)
    parents = [argument for argument in sys.argv[1:] if argument != "--keep"]
    try:
        os.chdir(parents[0] if parents else ".")
        directory = tempfile.mkdtemp(prefix="reproduce.", dir=".")
        top = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
        os.chmod(directory, 0o777)
        os.chdir(directory)
    except OSError as error:
        cannot("no directory can be made: %s" % error)
    os.umask(0o022)
