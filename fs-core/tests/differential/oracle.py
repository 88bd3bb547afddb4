"""Makes the calls of a list with CPython's os module and writes down what came of them.

    python3 oracle.py LIST PLACE OUT

LIST is the list of calls, PLACE a directory to make them in, OUT the file for the answers.
The other side is does/mod.rs, which writes the same text. Needs CPython 3.8 or later.
"""

import fcntl
import functools
import math
import os
import re
import stat
import struct
import sys
import time
import warnings

FIRST_FD = 300  # Where descriptors are moved, so that both sides have the same numbers.
DAY_NS = 86_400 * 10**9


class Refused(Exception):
    """What the audit hook raises; no OSError, which makedirs and removedirs would take for their own."""


class Path:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


class Raw:
    """Words on which both sides agree, in place of a value."""

    def __init__(self, words):
        self.words = words


# Values as text, as Value::text writes them.


def quoted(value):
    text = 'b"'
    for byte in os.fsencode(value):
        char = chr(byte)
        if char in '"\\':
            text += "\\" + char
        elif " " <= char <= "~":
            text += char
        else:
            text += f"\\x{byte:02x}"
    return text + '"'


def text(value):
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return "f" + struct.pack(">d", value).hex()
    if isinstance(value, (str, bytes, bytearray)):
        return quoted(bytes(value) if isinstance(value, bytearray) else value)
    if isinstance(value, os.stat_result):
        return stat_text(value)
    if isinstance(value, os.statvfs_result):
        return statvfs_text(value)
    if isinstance(value, Path):
        return quoted(value.path)
    if isinstance(value, tuple):
        return "(" + ", ".join(map(text, value)) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(text, value)) + "]"
    raise TypeError(f"no text for {value!r}")


def moment(ns):
    return "now" if abs(time.time_ns() - ns) < DAY_NS else str(ns)


def stat_text(st):
    def times(name, index):
        ns = getattr(st, f"st_{name}_ns")
        masked = moment(ns)
        return masked if masked == "now" else f"{ns}/{text(getattr(st, 'st_' + name))}/{st[index]}"

    # Inode, device and time of change are nobody's to compare, blocks the file system's.
    return (
        f"stat(mode={st.st_mode:o} nlink={st.st_nlink} uid={st.st_uid} gid={st.st_gid}"
        f" size={'dir' if stat.S_ISDIR(st.st_mode) else st.st_size} rdev={st.st_rdev} blksize={st.st_blksize}"
        f" atime={times('atime', 7)} mtime={times('mtime', 8)} tuple={text(tuple(st[i] for i in (0, 3, 4, 5)))})"
    )


def statvfs_text(st):
    # What is free changes all the time.
    return (
        f"statvfs(bsize={st.f_bsize} frsize={st.f_frsize} flag={st.f_flag} namemax={st.f_namemax} fsid={st.f_fsid})"
    )


def failure(error):
    if isinstance(error, OSError):
        return f"{type(error).__name__}({error.errno})"
    return type(error).__name__


def attempt(call):
    try:
        return text(call())
    except Exception as error:
        return failure(error)


# Calls that are more than one call.


def scandir(path):
    with os.scandir(path) as entries:
        found = sorted(entries, key=lambda entry: os.fsencode(entry.name))

    def describe(entry):
        asked = [attempt(lambda: entry.name), attempt(lambda: entry.path)]
        for ask in (entry.is_dir, entry.is_file, entry.stat):
            asked += [attempt(ask), attempt(lambda: ask(follow_symlinks=False))]
        asked.append(attempt(entry.is_symlink))
        try:
            asked.append(str(entry.inode() == entry.stat(follow_symlinks=False).st_ino))
        except OSError as error:
            asked.append(failure(error))
        return "{" + " ".join(asked) + "}"

    return "[" + " ".join(map(describe, found)) + "]"


def walked(steps, topdown, prune, told, same=None):
    """The steps of a walk; siblings come in no order, so they are put into one."""
    out, ordered = [], True
    try:
        for step in steps:
            path, dirs, files = step[:3]
            if topdown:
                dirs[:] = sorted((name for name in dirs if name not in prune), key=os.fsencode)
            ordered = ordered and len(dirs) < 2
            line = f"({text(path)} {text(sorted(dirs, key=os.fsencode))} {text(sorted(files, key=os.fsencode))}"
            out.append(line + (f" {same(path, step[3])})" if same else ")"))
    except Exception as error:
        out.append("raised " + failure(error))
    if not topdown and not ordered:
        out.sort()
    return "[" + " ".join(out + sorted(told)) + "]"


def walk(top, topdown=True, followlinks=False, prune=()):
    told = []
    steps = os.walk(top, topdown, lambda error: told.append(f"{failure(error)} {text(error.filename)}"), followlinks)
    return walked(steps, topdown, prune, told)


def fwalk(top, topdown=True, follow_symlinks=False, dir_fd=None, prune=()):
    told = []

    def same(path, fd):
        return str(os.path.samestat(os.stat(path, dir_fd=dir_fd), os.fstat(fd)))

    steps = os.fwalk(
        top, topdown, lambda error: told.append(failure(error)), follow_symlinks=follow_symlinks, dir_fd=dir_fd
    )
    return walked(steps, topdown, prune, told, same)


def supports(name):
    names = {function.__name__ for function in getattr(os, f"supports_{name}")}
    # It takes one before Python 3.13, too, which only did not say so.
    if name == "dir_fd":
        names.add("lstat")
    return " ".join(sorted(names))


def constant(name):
    return getattr(stat, name[5:]) if name.startswith("stat.") else getattr(os, name)


def names_of(limits):
    return lambda: str(sorted(limits.items()))


WORDS = {"scandir": scandir, "walk": walk, "fwalk": fwalk, "supports": supports}
WORDS.update({name: names_of(getattr(os, name)) for name in ("pathconf_names", "sysconf_names", "confstr_names")})
SORTED = {"listdir", "listxattr"}
DESCRIPTORS = {"open", "dup", "memfd_create", "pipe", "pipe2"}

# Events.

# Of later versions than the document's, and about walks as a whole.
LATER = {"os.walk", "os.fwalk"}
heard = None
refusing = False
current = ""


def hook(name, args):
    global heard
    if heard is None or name in LATER or not (name == "open" or name.startswith("os.")):
        return
    events, heard = heard, None
    try:
        events.append(event(name, args))
    finally:
        heard = events
    if refusing:
        raise Refused


def event(name, args):
    args = list(args)
    if name == "os.utime":
        # The times in one form, where Python has two.
        args = [args[0], utime_text(args[1], args[2]), args[3]]
    if current == "fwalk" and name == "open":
        args[2] = Raw("flags")
    if name in ("os.scandir", "os.listdir") and isinstance(args[0], int) and args[0] < FIRST_FD:
        args[0] = Raw("fd")
    return f"{name}(" + ", ".join(arg.words if isinstance(arg, Raw) else text(arg) for arg in args) + ")"


def utime_text(times, ns):
    if times is None and ns is None:
        return Raw("now")
    if ns is not None:
        return Raw(f"{int(ns[0])}+{int(ns[1])}")

    def nanoseconds(seconds):
        if isinstance(seconds, int):
            return seconds * 10**9
        fraction, whole = math.modf(seconds)
        return int(whole) * 10**9 + math.floor(fraction * 1e9)

    return Raw("+".join(str(nanoseconds(seconds)) for seconds in times))


# Cases.


class Asked:
    """A call of the list, with its arguments."""

    def __init__(self, name):
        self.name = name

    def __call__(self, *args, **kwargs):
        self.args, self.kwargs = args, kwargs
        return self


class World(dict):
    """What the names of the list mean: registers, constants, functions."""

    def __missing__(self, name):
        if name.isupper() and hasattr(os, name):
            return getattr(os, name)
        if name.isupper() and hasattr(stat, name):
            return getattr(stat, name)
        return Asked(name)


STEP = re.compile(r"\s*(?:([\w, ]+) = )?(refuse )?(.*)")


NOTHING = {"__builtins__": {}}


@functools.lru_cache(100)  # The fixture comes again with every case.
def read(line):
    names, refuse, code = STEP.fullmatch(line).groups()
    return names.split(", ") if names else [], refuse, compile(code, "the list", "eval")


class Case:
    def __init__(self, place):
        self.place = place
        self.world = World(
            TOP=place, Path=Path, bytearray=bytearray, inf=math.inf, nan=math.nan
        )
        self.owned = []

    def step(self, line):
        """Makes one call; what it raised, what it returned."""
        global heard, refusing, current
        names, refuse, code = read(line)
        asked = eval(code, NOTHING, self.world)
        function = WORDS.get(asked.name) or (constant if asked.name == "constant" else getattr(os, asked.name, None))
        heard, refusing, current = [], bool(refuse), asked.name
        events = heard
        try:
            if function is None:
                raise NotImplementedError
            result = function(*asked.args, **asked.kwargs)
            heard = None
            answer = "= " + self.returned(asked, names, result)
        except Exception as error:
            answer = "! " + failure(error)
        finally:
            heard = None
        return events, answer

    def returned(self, asked, names, result):
        if asked.name in DESCRIPTORS:
            several = isinstance(result, tuple)
            told = [self.bind(fd, names[i : i + 1]) for i, fd in enumerate(result if several else (result,))]
            return "(" + ", ".join(told) + ")" if several else told[0]
        if asked.name == "dup2" and names:
            self.world[names[0]] = result
            self.owned.append(result)
        if asked.name in WORDS:
            return result
        if asked.name in ("urandom", "getrandom"):
            return f"random({len(result)})"
        for rooms in asked.args:
            if isinstance(rooms, (list, tuple)) and rooms and isinstance(rooms[0], bytearray):
                return f"({result}, {text(list(rooms))})"
        return text(sorted(result, key=os.fsencode) if asked.name in SORTED else result)

    def bind(self, fd, name):
        told = f"fd(inheritable={os.get_inheritable(fd)})"
        if name:
            copy = fcntl.F_DUPFD if os.get_inheritable(fd) else fcntl.F_DUPFD_CLOEXEC
            moved = fcntl.fcntl(fd, copy, FIRST_FD + len(self.owned))
            self.world[name[0]] = moved
            self.owned.append(moved)
        os.close(fd)
        return told

    def end(self):
        for fd in self.owned:
            try:
                os.close(fd)
            except OSError:
                pass


def tree(path, shown, out):
    """What is below a directory, a line for each name."""
    try:
        st = os.lstat(path)
    except OSError as error:
        out.append(f"tree {quoted(shown)} {failure(error)}")
        return
    line = (
        f"tree {quoted(shown)} mode={st.st_mode:o} nlink={st.st_nlink} uid={st.st_uid} gid={st.st_gid}"
        f" rdev={st.st_rdev} mtime={moment(st.st_mtime_ns)}"
    )
    if stat.S_ISLNK(st.st_mode):
        line += " text=" + quoted(os.readlink(path))
    elif stat.S_ISREG(st.st_mode):
        line += f" size={st.st_size} bytes=" + attempt(lambda: first_bytes(path))
    if stat.S_ISREG(st.st_mode) or stat.S_ISDIR(st.st_mode):
        line += " xattrs=" + attempt(lambda: xattrs(path))
    out.append(line)
    if stat.S_ISDIR(st.st_mode):
        try:
            names = sorted(os.listdir(path))
        except OSError as error:
            out.append(f"tree {quoted(shown)} {failure(error)}")
            return
        for name in names:
            tree(path + b"/" + name, shown + b"/" + name, out)


def first_bytes(path):
    with open(path, "rb", buffering=0) as file:
        return file.read(64)


def xattrs(path):
    names = sorted(name for name in os.listxattr(path) if not name.startswith("security."))
    return [(name, os.getxattr(path, name)) for name in names]


def remove(path):
    if stat.S_ISDIR(os.lstat(path).st_mode):
        os.chmod(path, 0o700)
        for name in os.listdir(path):
            remove(path + b"/" + name)
        os.rmdir(path)
    else:
        os.unlink(path)


def run(name, lines, fixture, place, out):
    outer = os.path.dirname(place)
    os.umask(0o022)
    os.mkdir(outer)
    os.mkdir(place)
    os.chdir(place)
    case = Case(place)
    for line in fixture:
        _, answer = case.step(line)
        if answer.startswith("!"):
            sys.exit(f"the fixture: {line}: {answer}")
    out.append(f"case {name}")
    for line in lines:
        out.append("> " + line.strip())
        try:
            events, answer = case.step(line)
        except Exception as error:
            sys.exit(f"{name}: {line}: {error!r}")
        out.extend("  event " + event for event in events)
        out.append("  " + answer)
    case.end()
    os.chdir("/")
    tree(os.fsencode(outer), b"", out)
    remove(os.fsencode(outer))


def main(listed, place, out_path):
    warnings.simplefilter("ignore")  # To show one, lines of this file are read.
    sys.addaudithook(hook)
    cases, lines = [], None
    with open(listed, encoding="ascii") as file:
        for line in file:
            if line.startswith("case "):
                lines = []
                cases.append((line[5:].strip(), lines))
            elif line.strip() and not line.lstrip().startswith("#"):
                lines.append(line.rstrip("\n"))
    (_, fixture), *cases = cases
    with open(out_path, "w", encoding="ascii") as file:
        file.write("python " + ".".join(map(str, sys.version_info[:3])) + "\n")
        for name, lines in cases:
            file.flush()  # Who waits too long looks here.
            out = []
            run(name, lines, fixture, place, out)
            file.write("\n".join(out) + "\n")


main(*sys.argv[1:])
