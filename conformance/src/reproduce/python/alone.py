def finish(code):
    leave_directory()
    sys.exit(code)


def begin():
    make_directory()


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
