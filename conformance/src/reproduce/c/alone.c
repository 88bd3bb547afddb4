static void finish(int code)
{
    leave_directory();
    exit(code);
}

static void begin(int argc, char **argv)
{
    make_directory(argc, argv);
}

static void step(int number, const char *line)
{
    printf("%3d  %s\n", number, line);
    begin_step(number);
}

static void end(void)
{
    printf("PASS\n");
    finish(0);
}
