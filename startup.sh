#!/bin/sh
# ./startup.sh [COMMAND …]: makes the environment if there is none, then runs COMMAND, by default the server, in it
# and in this folder. The environment is the active virtual one, else .venv in this folder.
set -eu

say() { echo "startup.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# A relative path starts at the folder of the caller.
case ${RESSOURCES_DIR:-/} in /*) ;; *) export RESSOURCES_DIR="$PWD/$RESSOURCES_DIR" ;; esac
cd -P -- "$(dirname -- "$(readlink -f -- "$0")")"

requirements=requirements.txt
[ $# -eq 0 ] || requirements=requirements/dev.txt

is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; }

installed() { # true if python has all of $requirements at those versions
    python -c '
import sys
from importlib.metadata import PackageNotFoundError, version

def missing(name, pin):
    try:
        return version(name) != pin
    except PackageNotFoundError:
        return True

pins = [line.split()[0].split("==") for line in open(sys.argv[1]) if line[0].isalnum()]
sys.exit(any(missing(name, pin) for name, pin in pins))' "$requirements"
}

lacking() { # prints the packages of a file that python lacks; refuses lines that are not pinned or contradict us
    python -c '
import re
import sys
from importlib.metadata import PackageNotFoundError, version

file, deployed, here = sys.argv[1:]

def pins(path):
    return dict(line.split()[0].split("==") for line in open(path) if line[0].isalnum())

def short(release):
    return re.sub(r"(\.0)+$", "", release)

def missing(name, pin):
    try:
        return short(version(name)) != short(pin)
    except PackageNotFoundError:
        return True

def refuse(number, problem):
    sys.exit(f"startup.sh: {file}, line {number}: {problem}")

ours, needed = pins(deployed), []
kept = ours | pins(here)  # development keeps its own releases
for number, line in enumerate(open(file, encoding="utf-8", errors="replace"), start=1):
    line = re.sub(r"(^|\s)#.*", "", line).strip()
    found = re.fullmatch(r"([A-Za-z0-9][\w.-]*)==(\d[\w.!+]*)", line)
    if line and not found:
        refuse(number, f"{line[:100]!r} is not pinned as in xgboost-cpu==3.2.0")
    if line:
        name, pin = re.sub(r"[-_.]+", "-", found[1]).lower(), found[2]
        if short(ours.get(name, pin)) != short(pin):
            refuse(number, f"{line} contradicts {deployed}, which has {ours[name]}: leave it out")
        if name not in kept and missing(name, pin):
            needed.append(line)
print(*needed)' "$@"
}

# One start at a time works on the environment; a second one waits here. The lock goes with the descriptor.
exec 9<.
if command -v flock >/dev/null && ! flock -n 9; then
    say "waiting for another start to finish installing"
    flock 9 || say "no lock on this file system"
fi

own_venv=$PWD/.venv
ours=.venv/.made-by-startup.sh # an environment without this file is never removed
original_path=$PATH
if [ -n "${VIRTUAL_ENV:-}" ]; then
    PATH=$VIRTUAL_ENV/bin:$PATH
    # Azure may move an environment away from the python it was made with; its packages are on PYTHONPATH then.
    if [ ! -x "$VIRTUAL_ENV/bin/python" ] && ! installed 2>/dev/null; then
        say "the active environment $VIRTUAL_ENV has no python, so it is not used"
        VIRTUAL_ENV=
    elif ! is_311 python; then
        die "the active environment $VIRTUAL_ENV has $(python --version 2>&1), and Python 3.11 is needed"
    fi
fi
if [ -z "${VIRTUAL_ENV:-}" ] || [ "$VIRTUAL_ENV" -ef "$own_venv" ]; then
    PATH=$original_path
    VIRTUAL_ENV=$own_venv
    # Made again: an environment cut short (half a package may be there), one whose python is gone, and one from a
    # copied folder (its scripts name the old folder).
    remade=
    if [ -e .venv ] || [ -L .venv ]; then
        if ! is_311 .venv/bin/python ||
            { grep -q '^command = ' .venv/pyvenv.cfg && ! grep -qF " $own_venv" .venv/pyvenv.cfg; }; then
            [ -e "$ours" ] || die "$own_venv is not of Python 3.11, or is of another folder: remove it, or activate another"
            remade=yes
        elif [ -e .venv/.incomplete ] && [ -e "$ours" ]; then
            remade=yes
        fi
    fi
    if [ -n "$remade" ]; then
        say "making .venv again"
        rm -rf .venv
    fi
    if [ ! -d .venv ]; then
        base=
        for candidate in python3.11 python3; do
            if is_311 "$candidate"; then base=$candidate && break; fi
        done
        [ -n "$base" ] || die "Python 3.11 is needed, and neither python3.11 nor python3 is that"
        "$base" -c 'import ensurepip, venv' 2>/dev/null ||
            die "$base has no venv module; on Debian and Ubuntu: apt-get install python3.11-venv"
        mkdir .venv
        : >"$ours"
        : >.venv/.incomplete
        "$base" -m venv "$own_venv"
    fi
    PATH=$own_venv/bin:$PATH
fi
export PATH VIRTUAL_ENV
unset PYTHONHOME PYTHONOPTIMIZE # LightGBM needs the docstrings that PYTHONOPTIMIZE=2 removes

if [ -e "$VIRTUAL_ENV/.incomplete" ] || ! installed; then
    say "installing $requirements into $VIRTUAL_ENV, once; this takes a minute or two"
    again=
    [ ! -e "$VIRTUAL_ENV/.incomplete" ] || again=--force-reinstall
    : >"$VIRTUAL_ENV/.incomplete"
    python -m pip --version >/dev/null 2>&1 || python -m ensurepip >&2 # uv makes environments without pip
    python -m pip install $again --quiet --disable-pip-version-check --no-input -r "$requirements" >&2
    rm "$VIRTUAL_ENV/.incomplete"
fi

add() { # NAME FILE: installs what the file asks for beside $requirements
    needed=$(lacking "$2" requirements.txt "$requirements") || exit 1
    [ -n "$needed" ] || return 0
    say "installing what the $1 needs into $VIRTUAL_ENV, once: $needed"
    begun=$VIRTUAL_ENV/.incomplete-$1
    again=
    [ ! -e "$begun" ] || again=--force-reinstall
    : >"$begun"
    python -m pip --version >/dev/null 2>&1 || python -m ensurepip >&2
    # shellcheck disable=SC2086 # words, each a package and its release
    python -m pip install $again --quiet --disable-pip-version-check --no-input -c "$requirements" $needed >&2 || {
        rm "$begun"
        die "$2: $needed cannot be installed beside the packages of $requirements"
    }
    rm "$begun"
}

model_requirements=${RESSOURCES_DIR:-ressources}/requirements.txt
[ ! -f "$model_requirements" ] || add model "$model_requirements"
challenger_requirements=${CHALLENGER_DIR:+$CHALLENGER_DIR/requirements.txt}
if [ -n "$challenger_requirements" ] && [ -f "$challenger_requirements" ]; then
    # A challenger that cannot be loaded ends no start.
    (add challenger "$challenger_requirements") || say "the challenger lacks packages: it may not be loaded"
fi
[ -z "${REGISTER_URL:-}" ] || add register requirements/register.txt

has_libgomp() { python -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null; }

if ! has_libgomp; then
    say "installing libgomp1, which LightGBM needs"
    as_root=
    [ "$(id -u)" = 0 ] || as_root='sudo -n'
    { $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends libgomp1; } </dev/null >/dev/null || true
    has_libgomp || die "libgomp1 is missing, and could not be installed; as root: apt-get install libgomp1"
fi
exec 9<&-

[ $# -eq 0 ] || exec "$@"

# The rest is for the server only.

whole_number() { # NAME VALUE LARGEST
    case $2 in
        *[!0-9]* | 0* | ??????*) ;;
        *) [ "$2" -gt "$3" ] || return 0 ;;
    esac
    die "$1 is not a whole number from 1 to $3"
}

# gunicorn reads these too, and takes an empty one for a value.
if [ -n "${PORT:-}" ]; then whole_number PORT "$PORT" 65535; else unset PORT; fi
if [ -n "${WEB_CONCURRENCY:-}" ]; then whole_number WEB_CONCURRENCY "$WEB_CONCURRENCY" 256; else unset WEB_CONCURRENCY; fi
[ -n "${FORWARDED_ALLOW_IPS:-}" ] || unset FORWARDED_ALLOW_IPS

# One thread scores a client faster than several that wait for each other.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

# The workers of a server share a folder: /metrics adds up their counts, and each reads the others' states. The server
# holds a lock on a file in it, by a descriptor that its processes inherit: a start removes the folders that were made
# here and whose lock is free. Process ids would not do: containers may share the memory.
folder_in() { # makes such a folder below $1, if there is room for the counts of some workers
    for folder in "$1"/credit-scoring-*; do
        if [ ! -L "$folder" ] && [ -f "$folder/lock" ] && flock -n "$folder/lock" true 2>/dev/null; then
            rm -rf "$folder"
        fi
    done
    folder=$(mktemp -d "$1/credit-scoring-XXXXXX" 2>/dev/null) || return
    if (head -c 1000000 /dev/zero >"$folder/room") 2>/dev/null; then rm "$folder/room"; else rm -rf "$folder" && return 1; fi
}

if [ -n "${PROMETHEUS_MULTIPROC_DIR:-}" ]; then
    [ -d "$PROMETHEUS_MULTIPROC_DIR" ] && [ -w "$PROMETHEUS_MULTIPROC_DIR" ] ||
        die "PROMETHEUS_MULTIPROC_DIR is not a folder that can be written"
elif folder_in /dev/shm || folder_in "${TMPDIR:-/tmp}"; then
    export PROMETHEUS_MULTIPROC_DIR="$folder"
    # Locked first and named then: a lock that can be seen is held.
    if command -v flock >/dev/null; then
        exec 8>"$folder/new"
        if flock -n 8; then mv "$folder/new" "$folder/lock"; fi
    fi
else
    unset PROMETHEUS_MULTIPROC_DIR
    say "no room in /dev/shm nor in ${TMPDIR:-/tmp}: each worker counts for itself at /metrics and knows no other"
fi

exec python -m gunicorn main:app # with gunicorn.conf.py
