static pid_t doer; /* 0 in the child, which does the steps */

static void finish(int code)
{
    if (doer != 0)
        leave_directory();
    fflush(stdout);
    _exit(code);
}

/* Goes on in a child: whoever changes user or root directory cannot clean up. */
static void begin(int argc, char **argv)
{
    int status;
    doer = -1;
    make_directory(argc, argv);
//@insert mounts
    doer = fork();
    if (doer == 0) {
        close(top);
//@insert becoming
        return;
    }
    if (doer < 0 || waitpid(doer, &status, 0) != doer)
        cannot("no child: ", strerror(errno));
    if (WIFSIGNALED(status))
        printf("ended by signal %d\n", WTERMSIG(status));
    finish(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
