/* Each actor is a process. All go through the same steps; the director, which does
   none itself, gives each its turn, and the others pass over it. */

static int me = DIRECTOR;
//@insert processes
static int batons[DIRECTOR][2], reports[DIRECTOR][2];

static void report(unsigned char code)
{
    if (me != DIRECTOR && write(reports[me][1], &code, 1) != 1)
        _exit(3);
}

static void finish(int code)
{
    fflush(stdout);
    if (me != DIRECTOR) {
        report(code + 1); /* 0 is that the step is done */
        pause();
    }
    for (int actor = 0; actor < DIRECTOR; actor++)
        if (process[actor] > 0) {
            kill(process[actor], SIGKILL);
            waitpid(process[actor], NULL, 0);
        }
    leave_directory();
    exit(code);
}

//@if becoming
/* Becomes an actor. */
static void enter(int actor)
{
//@insert becoming
}

//@end
static void be(int actor)
{
    me = actor;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void begin(int argc, char **argv)
{
    make_directory(argc, argv);
//@insert mounts
    given_up = mmap(NULL, DIRECTOR + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int actor = 0; actor < DIRECTOR; actor++)
        if (given_up == MAP_FAILED || pipe(batons[actor]) != 0 || pipe(reports[actor]) != 0)
            cannot("no pipes: ", strerror(errno));
}

/* The director's: waits for an actor's report; 0 if it does not come in time. */
static int hear(int actor, int patience_ms)
{
    struct pollfd waiting = {reports[actor][0], POLLIN, 0};
    unsigned char code;
    if (poll(&waiting, 1, patience_ms) != 1 || read(reports[actor][0], &code, 1) != 1)
        return 0;
    if (code != 0)
        finish(code - 1);
    return 1;
}

static void hear_or_fail(int actor)
{
    if (!hear(actor, 10000)) {
        printf("FAIL step %d: it did not return\n", step_number);
        finish(1);
    }
}

//@if ends
/* For a step whose signal may end its actor: whether it did. */
static int hear_the_end(int actor)
{
    for (int patience_ms = 10000; patience_ms > 0 && !hear(actor, 10); patience_ms -= 10) {
        int status;
        if (waitpid(process[actor], &status, WNOHANG) != process[actor])
            continue;
        process[actor] = -1;
        outcome_is(WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : "ok");
        return 1;
    }
    return 0;
}

//@end
enum { NEVER_BLOCKS, MAY_BLOCK, COLLECTS, MAY_END }; /* how a step takes its turn */

/* Whether this process does the step; the director returns when it is done. */
static int turn(int actor, int number, int blocking, const char *line)
{
    unsigned char baton = 0;
    if (me == DIRECTOR) {
        step(number, line);
        if (process[actor] == 0) {
            process[actor] = fork();
            if (process[actor] == 0) {
//@if becoming
                enter(actor);
//@end
                be(actor);
            }
        }
        if (me == DIRECTOR) {
            if (blocking == COLLECTS)
                hear_or_fail(actor); /* the call has returned */
            given_up[actor] = 0;
            if (write(batons[actor][1], &baton, 1) != 1)
                finish(3);
//@if ends
            if (blocking == MAY_END)
                return hear_the_end(actor);
//@end
            if (blocking != MAY_BLOCK) {
                hear_or_fail(actor);
            } else if (!hear(actor, 100)) {
                given_up[actor] = 1;
                printf("     -> blocked\n");
            }
            return 0;
        }
    }
    if (me != actor)
        return 0;
    if (read(batons[me][0], &baton, 1) != 1)
        _exit(3);
    step(number, line);
    return 1;
}
