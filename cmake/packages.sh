# Sourced by ./run and ./test: installs the Debian packages of .packages that are missing, and nothing else.

# missing_packages test|run|bench: prints them, one a line.
missing_packages() {
    local line name command
    while read -r line; do
        case "$line" in '' | '#'*) continue ;; esac
        case "$line" in *' '*) [[ " ${line#* } " == *" $1 "* ]] || continue; line=${line%% *} ;; esac
        name=${line%%|*} command=''
        case "$line" in *'|'*) command=${line#*|} ;; esac
        if [ -n "$command" ]; then
            command -v "$command" >/dev/null 2>&1 && continue
        elif [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ]; then
            continue
        fi
        printf '%s\n' "$name"
    done <.packages
}

# install_missing test|run|bench
install_missing() {
    local missing as_root=''
    missing=$(missing_packages "$1" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "$0: these packages are missing and there is no apt-get to install them: $missing" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "$0: these packages are missing: run as root: apt-get install $missing" >&2
            return 1
        fi
        as_root=sudo
    fi
    echo "installing: $missing"
    # shellcheck disable=SC2086 # a list of words on purpose
    $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
        echo "$0: could not install these packages: $missing (see the lines above)" >&2
        return 1
    }
}

# show_progress: of ninja's lines "[12/347] ...", on stderr: a count on a terminal, otherwise one line when it takes long.
show_progress() {
    local line done_count count told=''
    while IFS= read -r line; do
        [[ "$line" =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
        done_count=${BASH_REMATCH[1]} count=${BASH_REMATCH[2]}
        [ "$count" -gt 20 ] || continue
        if [ -t 2 ]; then
            printf '\rbuilding: %d of %d (the first time takes some minutes)' "$done_count" "$count" >&2
        elif [ -z "$told" ]; then
            echo "building $count parts; the first time takes some minutes" >&2
        fi
        told=yes
    done
    if [ -n "$told" ] && [ -t 2 ]; then printf '\r\033[K' >&2; fi
}

# build PRESET: configures and builds; shows how far it is, and the output only when it fails.
build() {
    local log="build/$1.log"
    if ! { mkdir -p build && : >"$log"; } 2>/dev/null; then
        echo "$0: cannot write $log: is build/ another user's?" >&2
        return 1
    fi
    if (set -o pipefail; { cmake --preset "$1" && cmake --build --preset "$1"; } 2>&1 | tee "$log" | show_progress); then
        return 0
    fi
    tail -n 60 "$log" >&2
    echo "$0: the build failed; $log has everything" >&2
    return 1
}
