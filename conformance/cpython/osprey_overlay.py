"""Puts the functions of `_osprey_os` into the place of the interpreter's own.

A line of a `.pth` file imports this when an interpreter starts, children of the tests
included. Our functions go into `posix`, and `os` is made anew from that. What is no
function of ours stays as it is.
"""

import atexit
import importlib
import os
import posix

import _osprey_os

# The names in `os` that are ours.
REPLACED = []


def is_ours(name):
    return not name.startswith("__") and name != "touches"


def cover():
    ours = {name: value for name, value in vars(_osprey_os).items() if is_ours(name)}
    # The module itself, not a copy of it: since 3.12 `stat_result` looks for the state
    # of the module that stands in `sys.modules`. A name that this interpreter does not
    # have stays away.
    for name in ours.keys() & vars(posix).keys():
        setattr(posix, name, ours[name])
    # Makes the sets of functions, `supports_dir_fd` and so on, of ours.
    importlib.reload(os)
    # What `os.py` has of its own, as `makedirs`.
    for name in ours.keys() & vars(os).keys():
        setattr(os, name, ours[name])
        REPLACED.append(name)
    REPLACED.sort()


def log(line):
    """Adds a line to the log beside this file, if there is one: the harness reads it."""
    try:
        fd = os.open(__file__.rpartition("/")[0] + "/children.log", os.O_WRONLY | os.O_APPEND)
    except OSError:
        return
    try:
        os.write(fd, f"{os.getpid()} {line}\n".encode())
    finally:
        os.close(fd)


cover()
log("started")
atexit.register(lambda: log(f"touched {sum(_osprey_os.touches().values())}"))
