#!/bin/sh
# ./startup.sh [COMMAND …]: makes the environment where there is none, then runs COMMAND in it and in this folder;
# by default the server. The environment is the active virtual one, else .venv in this folder.
set -eu

say() { echo "startup.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# A relative folder is relative to where the caller is.
case ${RESSOURCES_DIR:-/} in /*) ;; *) export RESSOURCES_DIR="$PWD/$RESSOURCES_DIR" ;; esac
cd -P -- "$(dirname -- "$(readlink -f -- "$0")")"

requirements="requirements${1+-dev}.txt"

is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; }

installed() { # whether python has all of $requirements at those versions
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

# One start at a time works on the environment; a second one waits here. The lock goes with the descriptor.
exec 9<.
if command -v flock >/dev/null && ! flock -n 9; then
    say "waiting for another start to finish installing"
    flock 9 || say "no lock on this file system"
fi

own_venv=$PWD/.venv
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
    # Made again from nothing: one cut short (a package may be there by half), one whose python is gone, and one
    # that came here with a copied folder (its scripts name the old one).
    if [ -e .venv/.incomplete ] || ! is_311 .venv/bin/python ||
        { grep -q '^command = ' .venv/pyvenv.cfg && ! grep -qF " $own_venv" .venv/pyvenv.cfg; }; then
        [ ! -d .venv ] || say "making .venv again"
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
        : >.venv/.incomplete
        "$base" -m venv "$own_venv"
    fi
    PATH=$own_venv/bin:$PATH
fi
export PATH VIRTUAL_ENV
unset PYTHONHOME

if [ -e "$VIRTUAL_ENV/.incomplete" ] || ! installed; then
    say "installing $requirements into $VIRTUAL_ENV, once; this takes a minute or two"
    again=
    [ ! -e "$VIRTUAL_ENV/.incomplete" ] || again=--force-reinstall
    : >"$VIRTUAL_ENV/.incomplete"
    python -m pip --version >/dev/null 2>&1 || python -m ensurepip >&2 # uv makes environments without pip
    python -m pip install $again --quiet --disable-pip-version-check --no-input -r "$requirements" >&2
    rm "$VIRTUAL_ENV/.incomplete"
fi

if ! python -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null; then
    say "installing libgomp1, which LightGBM needs"
    as_root=
    [ "$(id -u)" = 0 ] || as_root='sudo -n'
    { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends libgomp1; } </dev/null >&2 ||
        say "could not; as root: apt-get install libgomp1"
fi
exec 9<&-

[ $# -eq 0 ] || exec "$@"

# One client is scored faster by one thread than by several that wait for each other.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}

# The workers count into files that are summed at /metrics. Each server has a folder of its own, named by its process
# (exec keeps the number): two servers never share one, and a start removes those of servers that are gone.
if [ -z "${PROMETHEUS_MULTIPROC_DIR:-}" ]; then
    for folder in "$memory"/credit-scoring-*; do
        process=${folder##*/credit-scoring-}
        [ -e "/proc/${process%-*}" ] || rm -rf "$folder" 2>/dev/null || true # perhaps another user's
    done
    PROMETHEUS_MULTIPROC_DIR=$(mktemp -d "$memory/credit-scoring-$$-XXXXXX")
    export PROMETHEUS_MULTIPROC_DIR
fi

exec python -m gunicorn main:app # with gunicorn.conf.py
