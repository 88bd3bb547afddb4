//! A starter of programs for which the kernel refuses a call: as an older kernel would, one without a module, or a sandbox.

use super::support::python;

/// A script that takes the call away by a seccomp filter and becomes the program that follows.
const SCRIPT: &str = "import ctypes, os, struct, sys
call, second, errno = (int(word) for word in sys.argv[1:4])
LOAD, JUMP_IF_EQUAL, RETURN, ALLOW, ERRNO = 0x20, 0x15, 0x06, 0x7fff0000, 0x00050000
# Of struct seccomp_data: the call's number, and the lower half of its second argument.
number, argument = 0, 24 + 4 * (sys.byteorder == 'big')
steps = [(LOAD, 0, 0, number), (JUMP_IF_EQUAL, 0, 1 if second < 0 else 3, call)]
if second >= 0:
    steps += [(LOAD, 0, 0, argument), (JUMP_IF_EQUAL, 0, 1, second)]
steps += [(RETURN, 0, 0, ERRNO | errno), (RETURN, 0, 0, ALLOW)]
text = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack('HP', len(steps), ctypes.addressof(text)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
assert prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
assert prctl(PR_SET_SECCOMP, FILTER, program) == 0, os.strerror(ctypes.get_errno())
os.execv(sys.argv[4], sys.argv[4:])";

/// The words before a command, which refuse it `call` with `errno`; only where its second argument is `second`, if
/// that is given. `None`, and said so, without a Python.
pub(crate) fn refusing(call: libc::c_long, second: Option<u32>, errno: i32) -> Option<Vec<String>> {
    let second = second.map_or(-1, i64::from);
    let words = [python()?, "-c", SCRIPT, &call.to_string(), &second.to_string(), &errno.to_string()];
    Some(words.map(str::to_owned).into())
}
