#@ file_type
file_type() {
    case $1 in
    8*) echo file ;;
    4*) echo dir ;;
    a*) echo symlink ;;
    1*) echo fifo ;;
    c*) echo socket ;;
    2*) echo char ;;
    6*) echo block ;;
    esac
}

#@ ns
# A time of stat as nanoseconds.
ns() {
    printf '%s' "$1" | sed 's/\.//; s/^\(-*\)0*\([0-9]\)/\1\2/'
}

#@ tick
# Waits until the file system's clock moves on.
tick() {
    : >"$1/.tick" || return
    first=$(stat -c %.9Y "$1/.tick")
    while [ "$(stat -c %.9Y "$1/.tick")" = "$first" ]; do
        rm "$1/.tick" && : >"$1/.tick" || return
    done
    rm "$1/.tick"
}

#@ tree
# Everything below a directory, as text that can be compared.
tree() {
    find "$1" -printf '%p %y %m %U %G %s %T@ %l\n' | sed 's/^\([^ ]* d .* \)[0-9]* \([0-9.]* \)$/\1\2/' | sort
    find "$1" -type f -exec cksum {} + | sort
}

#@ inode_flags
# The flags that `lsattr` shows, by their names.
inode_flags() {
    flags=
    case $1 in *i*) flags="$flags|IMMUTABLE" ;; esac
    case $1 in *a*) flags="$flags|APPEND" ;; esac
    case $1 in *d*) flags="$flags|NODUMP" ;; esac
    case $1 in *A*) flags="$flags|NOATIME" ;; esac
    case $1 in *S*) flags="$flags|SYNC" ;; esac
    case $1 in *D*) flags="$flags|DIRSYNC" ;; esac
    printf '%s\n' "${flags#|}"
}
