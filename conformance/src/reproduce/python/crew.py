# Each actor is a process. All go through the same steps; the director, which does none
# itself, gives each its turn and judges what came of it, and the others pass over it.

#@insert actors
me = "director"
processes = {}
batons = {actor: Pipe() for actor in ACTORS}
reports = {actor: Pipe() for actor in ACTORS}
doer = None  # whose turn it is


def finish(code):
    sys.stdout.flush()
    if me != "director":
        reports[me][1].send(code)
        signal.pause()
    for process in processes.values():
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    leave_directory()
    sys.exit(code)


#@if becoming
def enter(actor):
#@insert becoming


#@end
def be(actor):
    global me
    me = actor
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # it ends when its parent does


def begin():
    make_directory()
#@insert mounts


def turn(actor, number, line):
    """Whether this process does the step."""
    global doer
    step(number, line)
    if me == "director":
        doer = actor
        if actor not in processes and actor not in FORKED:
            processes[actor] = os.fork()
            if processes[actor] == 0:
#@if becoming
                enter(actor)
#@end
                be(actor)
    if me == "director":
        batons[actor][1].send(number)
        return False
    if me != actor:
        return False
    batons[me][0].recv()
    return True


def collect(actor, number, line):
    """The outcome of the call that was blocked: its report comes by itself."""
    global doer
    step(number, line)
    doer = actor


def done():
    reports[me][1].send(outcome)


def ended():
    """Whether a signal ended who has the turn, which is the outcome then."""
    global outcome
    for _ in range(1000):
        if reports[doer][0].poll(0.01):
            return False
        process, status = os.waitpid(processes[doer], os.WNOHANG)
        if process:
            del processes[doer]
            outcome = (signal.Signals(os.WTERMSIG(status)).name, {})
            return True
    return False


def hear(wanted):
    global outcome
    may_block = wanted is not None and "blocked" in words_of(wanted)
    if any(word.startswith("SIG") for word in words_of(wanted or "ok")) and ended():
        return
    if reports[doer][0].poll(0.1 if may_block else 10):
        outcome = reports[doer][0].recv()
        if isinstance(outcome, int):
            finish(outcome)
    elif may_block:
        outcome = ("blocked", {})
    else:
        print("FAIL step %d: it did not return" % step_number)
        finish(1)
