/* What a step came to, in words, and whether that was wanted. */

static int step_number;
static const char *outcome = "ok"; /* or the name of an errno or a signal */
static char got[1 << 21];          /* that, and the fields that are looked at */
static int differs;                /* a field is not as wanted */

static void finish(int code) __attribute__((noreturn));
//@if crew
static int me; /* which of the actors this process is, or the director */
static void report(unsigned char code);
static unsigned char *given_up; /* whose call was `blocked`: shared memory */
//@end

static void cannot(const char *why, const char *name)
{
    printf("cannot run here: %s%s\n", why, name);
    finish(2);
}

static const char *errno_name(int number)
{
    static const struct { int number; const char *name; } names[] = {
#define E(name) {name, #name},
//@insert errnos
#undef E
    };
    static char other[16];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return names[i].name;
    snprintf(other, sizeof other, "E%d", number);
    return other;
}

static void step(int number, const char *line)
{
    step_number = number;
    differs = 0;
//@if crew
    if (me != DIRECTOR)
        return;
//@end
    printf("%3d  %s\n", number, line);
}

static void outcome_is(const char *word)
{
    outcome = word;
    snprintf(got, sizeof got, "%s", word);
}

/* Takes what a call returned, -1 for an error in errno, and returns it. */
static inline long result(long returned)
{
    outcome_is(returned == -1 ? errno_name(errno) : "ok");
    return returned;
}

static int is_ok(void)
{
    return strcmp(outcome, "ok") == 0;
}

/* Whether the words at the beginning of a wanted outcome have this one. */
static int has_word(const char *wanted, const char *word)
{
    size_t length = strcspn(wanted, " =<>!"), at = 0;
    if (wanted[length] != ' ' && wanted[length] != '\0')
        return strcmp(word, "ok") == 0; /* it begins with a field */
    while (at < length) {
        size_t end = at + strcspn(wanted + at, "| ");
        if (end - at == strlen(word) && memcmp(wanted + at, word, end - at) == 0)
            return 1;
        at = end + 1;
    }
    return 0;
}

static void tell(void)
{
    printf("     -> %s\n", got);
}

static void check_available(void)
{
    if (strcmp(outcome, "ENOSYS") == 0)
        cannot("this system call is not there (ENOSYS)", "");
}

/* The step prepares: only success will do. */
static inline void prepared(void)
{
    tell();
    check_available();
    if (!is_ok()) {
        printf("cannot go on: step %d, which prepares, gave %s\n", step_number, got);
        finish(3);
    }
//@if crew
    report(0);
//@end
}

/* Judges a step: WORD|WORD FIELD=VALUE...; without words `ok` is wanted. */
static inline void want(const char *wanted)
{
//@if crew
    if (given_up[me]) {
        given_up[me] = 0;
        report(0); /* `wait` tells what came of it */
        return;
    }
//@end
    tell();
    if (!has_word(wanted, outcome) || (is_ok() && differs)) {
        check_available();
        printf("FAIL step %d: expected %s, got %s\n", step_number, wanted, got);
        finish(1);
    }
//@if crew
    report(0);
//@end
}

static void end(void)
{
//@if crew
    while (me != DIRECTOR)
        pause(); /* what it holds, others may still have to do with */
//@end
    printf("PASS\n");
    finish(0);
}
