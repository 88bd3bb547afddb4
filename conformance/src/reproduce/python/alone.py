def finish(code):
    leave_directory()
    sys.exit(code)


def begin():
    make_directory()
#@insert mounts
