LC_ALL=C
export LC_ALL
unset CDPATH

finish() {
    cd "$top" || exit 3
    rm -rf "$scratch"
#@if flags
    chattr -R -f -i -a "$directory"
#@end
    if [ "$keep" ]; then
        printf 'kept: %s\n' "$directory"
    else
        chmod -R u+rwx "$directory" 2>/dev/null
        rm -rf "$directory"
    fi
    exit "$1"
}

cannot() {
    printf 'cannot run here: %s\n' "$*"
    [ "$directory" ] && finish 2
    exit 2
}

step() {
    number=$1 line=$2 differs= got=
    printf '%3d  %s\n' "$number" "$line"
}

# The errno that the message of a tool ends in.
errno_of() {
    case $1 in
    *'Operation not permitted'*) echo EPERM ;;
    *'No such file or directory'*) echo ENOENT ;;
    *'Input/output error'*) echo EIO ;;
    *'No such device or address'*) echo ENXIO ;;
    *'Bad file descriptor'*) echo EBADF ;;
    *'Inappropriate ioctl'*) echo ENOTTY ;;
    *'Resource temporarily unavailable'*) echo EAGAIN ;;
    *'Permission denied'*) echo EACCES ;;
    *'File exists'*) echo EEXIST ;;
    *'Invalid cross-device link'*) echo EXDEV ;;
    *'Not a directory'*) echo ENOTDIR ;;
    *'Is a directory'*) echo EISDIR ;;
    *'Invalid argument'*) echo EINVAL ;;
    *'Text file busy'*) echo ETXTBSY ;;
    *'File too large'*) echo EFBIG ;;
    *'No space left on device'*) echo ENOSPC ;;
    *'Read-only file system'*) echo EROFS ;;
    *'Too many links'*) echo EMLINK ;;
    *'Numerical result out of range'*) echo ERANGE ;;
    *'File name too long'*) echo ENAMETOOLONG ;;
    *'Directory not empty'*) echo ENOTEMPTY ;;
    *'Too many levels of symbolic links'*) echo ELOOP ;;
    *'No data available'* | *'No such attribute'*) echo ENODATA ;;
    *'Operation not supported'*) echo EOPNOTSUPP ;;
    *'Device or resource busy'*) echo EBUSY ;;
    *'Disk quota exceeded'*) echo EDQUOT ;;
    *'Stale file handle'*) echo ESTALE ;;
    esac
}

# Runs a command; the outcome is `ok`, or the errno that it complains of. What it
# prints is in $scratch/out.
attempt() {
    outcome=ok
    { "$@" >"$scratch/out"; } 2>"$scratch/error" </dev/null && return
    judge_error "$1"
}

judge_error() {
    outcome=$(errno_of "$(cat "$scratch/error")")
    [ "$outcome" ] || cannot "what the kernel says is not to be had from $1: $(cat "$scratch/error")"
}

# Shows a field and compares it: NAME VALUE HOW WANTED.
check() {
    got="$got $1=$2"
    case $3 in
    =) [ "$2" = "$4" ] ;;
    !=) [ "$2" != "$4" ] ;;
    '<') [ "$2" -lt "$4" ] ;;
    '<=') [ "$2" -le "$4" ] ;;
    '>') [ "$2" -gt "$4" ] ;;
    '>=') [ "$2" -ge "$4" ] ;;
#@if flags
    has) case "|$2|" in *"|$4|"*) ;; *) false ;; esac ;;
#@end
    esac || differs=yes
}

prepared() {
    printf '     -> %s\n' "$outcome"
    [ "$outcome" = ok ] && return
    printf 'cannot go on: step %d, which prepares, gave %s\n' "$number" "$outcome"
    finish 3
}

# Judges a step: the words that are wanted, and what is wanted in whole.
want() {
    [ "$outcome" = ok ] || got=
    printf '     -> %s%s\n' "$outcome" "$got"
    case "|$1|" in
    *"|$outcome|"*) [ "$outcome" = ok ] && [ "$differs" ] || return 0 ;;
    esac
    printf 'FAIL step %d: expected %s, got %s%s\n' "$number" "$2" "$outcome" "$got"
    finish 1
}

keep=
for argument; do
    case $argument in
    --keep) keep=yes ;;
    *) cd -- "$argument" || exit 2 ;;
    esac
done
top=$PWD directory=
