static void finish(int code)
{
    leave_directory();
    exit(code);
}

static void begin(int argc, char **argv)
{
    make_directory(argc, argv);
//@insert mounts
}
