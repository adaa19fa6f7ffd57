"""The type checker sees through the routes: a misspelt method there is an error, not a 500."""

import re
import sys
from pathlib import Path
from subprocess import run

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "main.py").read_text()
# The ways in which routes reach what is served.
DOORS = [
    r"(scoring_of\(request\)\.)(\w+)",
    r"(service_of\(request\)\.)(\w+)",
    r"(\bloaded\.scoring\.)(\w+)",
    r"(\bloaded\.)(?!scoring\.)(\w+)",
]


def errors(tmp_path: Path, source: str) -> list[str]:
    """What mypy says of main.py with another text, the line of each error first."""
    (tmp_path / "main.py").write_text(source)
    done = run(
        [
            *(sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml"),
            *("--cache-dir", tmp_path / "cache", "--follow-imports", "silent", "main.py"),
        ],
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    return re.findall(r"^main\.py:(\d+): error", done.stdout, re.MULTILINE)


def test_what_routes_reach_has_a_type(tmp_path: Path):
    assert errors(tmp_path, SOURCE) == []
    for door in DOORS:
        misspelt, count = re.subn(door, r"\1\2_misspelt", SOURCE)
        assert count, door
        lines = {
            str(number)
            for number, line in enumerate(misspelt.splitlines(), 1)
            if re.search(door, line)
        }
        assert lines <= set(errors(tmp_path, misspelt)), door


def test_there_is_no_other_door():
    assert len(re.findall(r"[^`]request\.app\b", SOURCE)) == 1


@pytest.mark.parametrize("line", ["scoring_of(request).raw_recrod(1, 2, 'three')"])
def test_misspelt_method_in_a_route_is_seen(tmp_path: Path, line: str):
    route = f'\n\n@router.get("/more")\nasync def more(request: Request) -> Response:\n    {line}\n'
    number = len(SOURCE.splitlines()) + 5
    assert str(number) in errors(tmp_path, SOURCE + route + "    return Response()\n")
