"""The benchmark: this service beside the floor, the plain design and MLServer, as ratios.

    python -m benchmarks.run [--rounds N] [--seconds N] [--warm SECONDS] [--parts PART,…]
                             [--ressources DIR] [--large DIR] [--mlserver DIR]

It starts the servers, each with one worker and one LightGBM thread, sends each the same load with
wrk, in turns, and prints one table. Nothing here judges a time.
"""

import argparse
import contextlib
import os
import platform
import shutil
import signal
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from benchmarks.bench import CONNECTIONS, Bench
from benchmarks.measures.start import loaded_rows
from benchmarks.parts import PARTS
from benchmarks.table import table


def circumstances(options: argparse.Namespace) -> str:
    """The machine that the ratios were measured on."""
    libraries = ("fastapi", "starlette", "uvicorn", "gunicorn", "lightgbm", "orjson")
    versions = ", ".join(f"{library} {version(library)}" for library in libraries)
    busy = os.getloadavg()[0]
    return (
        f"{options.rounds} rounds of {options.seconds} s, {CONNECTIONS} connections,"
        f" {os.cpu_count()} cores ({busy:.1f} busy before), Python {platform.python_version()},"
        f" {versions}"
    )


def run(options: argparse.Namespace) -> str:
    """The table, in Markdown."""
    with (
        tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch,
        contextlib.ExitStack() as stack,
    ):
        bench = Bench(options, Path(scratch), stack)
        rows = [row for part in options.parts for row in PARTS[part](bench)]
        if "service_large" in vars(bench):
            rows += loaded_rows(bench.service_large)
        return table(rows)


def parts(names: str) -> list[str]:
    """The parts named, in their order."""
    unknown = set(names.split(",")) - PARTS.keys()
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}; there are {', '.join(PARTS)}")
    return [name for name in PARTS if name in names.split(",")]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--seconds", type=int, default=2, metavar="N", help="a load; default: 2")
    parser.add_argument("--warm", type=float, default=1, metavar="SECONDS",
                        help="of one caller before a load; default: 1")  # fmt: skip
    parser.add_argument("--parts", type=parts, default=list(PARTS), metavar="PART,…",
                        help=f"of {', '.join(PARTS)}; default: all")  # fmt: skip
    parser.add_argument("--ressources", type=Path, metavar="DIR", help="default: simulated")
    parser.add_argument("--large", type=Path, metavar="DIR", help="default: simulated")
    parser.add_argument("--mlserver", type=Path, metavar="DIR",
                        help="environment with MLServer, made where there is none; without this"
                        " option MLServer is left out")  # fmt: skip
    options = parser.parse_args()
    if not shutil.which("wrk"):
        parser.error("wrk is needed: apt-get install wrk")
    return options


def ended(*_: object) -> NoReturn:
    """End by an exception, so that every server is stopped."""
    sys.exit("ended from outside")


def main() -> None:
    """Measure and print."""
    options = arguments()
    signal.signal(signal.SIGTERM, ended)
    before = circumstances(options)
    print(f"{run(options)}\n\n{before}")


if __name__ == "__main__":
    main()
