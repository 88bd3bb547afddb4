# The directory of this run, which is removed at the end.

top = directory = None


def leave_directory():
    if directory is None:
        return
    os.fchdir(top)
#@insert unmounts
    if "--keep" in sys.argv:
        print("kept:", directory)
        return
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
