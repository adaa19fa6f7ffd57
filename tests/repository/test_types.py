"""The type checker sees through the routes: a misspelt method there is an error, not a 500."""

import os
import re
import sys
from pathlib import Path
from subprocess import run

from tests.support.server import ROOT

SOURCE = (ROOT / "main.py").read_text()
# The ways in which routes reach what is served.
DOORS = {
    "by_scoring_of": r"(scoring_of\(request\)\.)(\w+)",
    "by_service_of": r"(service_of\(request\)\.)(\w+)",
    "by_scoring": r"(\bloaded\.scoring\.)(\w+)",
    "by_loaded": r"(\bloaded\.)(?!scoring\.)(\w+)",
}
MORE = """

@router.get("/more")
async def more(request: Request) -> Response:
    scoring_of(request).raw_recrod(1, 2, 'three')
    return Response()
"""


def errors(folder: Path, sources: dict[str, str]) -> dict[str, set[int]]:
    """The lines in which mypy sees errors, by source: one run, and what it knows of the rest."""
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    files = [folder / f"{name}.py" for name in sources]
    done = run(
        [sys.executable, "-m", "mypy", *files],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    found: dict[str, set[int]] = {name: set() for name in sources}
    for name, number in re.findall(r"(\w+)\.py:(\d+): error", done.stdout):
        found[name].add(int(number))
    assert not done.stderr
    return found


def test_what_routes_reach_has_a_type(tmp_path: Path):
    """Each door is misspelt in a copy of its own, and a route with a misspelt method in another."""
    misspelt = {name: re.sub(door, r"\1\2_misspelt", SOURCE) for name, door in DOORS.items()}
    found = errors(tmp_path, {"sound": SOURCE, "more": SOURCE + MORE} | misspelt)
    assert found["sound"] == set()
    assert found["more"] == {len(SOURCE.splitlines()) + 5}
    for name, door in DOORS.items():
        lines = {
            number
            for number, line in enumerate(misspelt[name].splitlines(), 1)
            if re.search(door, line)
        }
        assert lines, door
        assert lines <= found[name], door


def test_there_is_no_other_door():
    assert len(re.findall(r"[^`]request\.app\b", SOURCE)) == 1
