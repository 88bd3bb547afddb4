doer = None  # 0 in the child, which does the steps


def finish(code):
    if doer != 0:
        leave_directory()
    sys.stdout.flush()
    os._exit(code)


def begin():
    """Goes on in a child: whoever changes user or root directory cannot clean up."""
    global doer
    make_directory()
    sys.stdout.flush()
    doer = os.fork()
    if doer == 0:
        os.close(top)
        enter()
        return
    _, status = os.waitpid(doer, 0)
    if os.WIFSIGNALED(status):
        print("ended by signal", os.WTERMSIG(status))
    finish(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def step(number, line):
    global step_number
    step_number = number
    print("%3d  %s" % (number, line))


def prepared():
    judge(None, [], None)


def want(wanted, *checks, same=None):
    judge(wanted, checks, same)


def end():
    print("PASS")
    finish(0)
