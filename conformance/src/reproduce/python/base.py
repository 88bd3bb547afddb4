# What a step came to, in words, and whether that was wanted.

step_number = 0
outcome = ("ok", {})  # or the name of an errno or a signal; and the fields
kept = {}  # outcomes that later steps compare with


def cannot(why):
    print("cannot run here:", why)
    finish(2)


def attempt(function, *arguments, **named):
    """Makes a call; the outcome is `ok` with the fields that it returns, or its error."""
    global outcome
    try:
        returned = function(*arguments, **named)
    except OSError as error:
        outcome = (errno.errorcode.get(error.errno, "E%d" % error.errno), {})
        outcome = ({"ENOTSUP": "EOPNOTSUPP"}.get(outcome[0], outcome[0]), {})
        return None
    except ValueError:  # the path holds a NUL byte
        outcome = ("EINVAL", {})
        return None
    outcome = ("ok", returned if isinstance(returned, dict) else {})
    return returned


def words_of(wanted):
    first = wanted.split(" ")[0]
    return ["ok"] if any(c in first for c in "=<>") else first.split("|")


def escape(value):
    """Bytes in the notation: \\xNN for space, \\, %, comma and what cannot be printed."""
    plain = [c for c in range(0x21, 0x7F) if c not in b"\\%,"]
    return "".join(chr(c) if c in plain else "\\x%02x" % c for c in value)


def written(field, value):
    if isinstance(value, list):
        return ",".join(map(escape, value))
    if isinstance(value, bytes):
        return escape(value[:64]) + ("..(%d_bytes)" % len(value) if len(value) > 64 else "")
    if field == "mode":
        return "0%o" % value if value else "0"
    return str(value)


def holds(fields, field, how, operand):
    value = fields.get(field)
    if value is None or operand is None:
        return False
    if how == ">=" and isinstance(value, str):
        return set(operand.split("|")) <= set(value.split("|"))
    return {
        "=": operator.eq, "!=": operator.ne, "<": operator.lt,
        "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    }[how](value, operand)


def saved(name, field):
    return kept.get(name, {}).get(field)


def keep(name):
    kept[name] = outcome[1]


def step(number, line):
    global step_number
    step_number = number
#@if crew
    if me != "director":
        return
#@end
    print("%3d  %s" % (number, line))


def want(wanted, *checks, same=None):
    """Judges a step; of one that prepares nothing but `ok` is wanted."""
#@if crew
    if me != "director":
        return
    hear(wanted)
#@end
    word, fields = outcome
    looked_at = [field for field, _, _ in checks if field in fields]
    got = " ".join([word] + ["%s=%s" % (field, written(field, fields[field])) for field in looked_at])
    print("     ->", got)
    as_wanted = word in words_of(wanted or "ok")
    if word == "ok":
        as_wanted = as_wanted and all(holds(fields, *check) for check in checks)
        as_wanted = as_wanted and (same is None or kept.get(same) == fields)
    if as_wanted:
        return
    if word == "ENOSYS":
        cannot("this system call is not there (ENOSYS)")
    if wanted is None:
        print("cannot go on: step %d, which prepares, gave %s" % (step_number, got))
        finish(3)
    print("FAIL step %d: expected %s, got %s" % (step_number, wanted, got))
    finish(1)


def prepared():
    want(None)


def end():
#@if crew
    while me != "director":
        signal.pause()  # what it holds, others may still have to do with
#@end
    print("PASS")
    finish(0)
