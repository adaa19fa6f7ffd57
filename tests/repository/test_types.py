"""The type checker sees through the routes: a misspelt method there is an error, not a 500."""

import re
import sys
from pathlib import Path
from subprocess import run

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "main.py").read_text()
# The ways in which routes reach what is served.
DOORS = re.compile(
    r"((?:service_of\(request\)|bundle_of\(request\)|application_of\(request\)|\bservice|\bcurrent)\.)"
    r"(?!service\b|current\b|folder\.|settings\.)(\w+)"
)
ADDED = '\n\n@direct.get("/more")\nasync def more(request: Request) -> Response:\n    {}\n'
MISSPELT = "bundle_of(request).raw_recrod(1, 2, 'three')"


# The configuration of the gate; but mypy reads only the packages that the doors are made of, as a
# cache of the rest takes twenty seconds.
CONFIGURATION = (
    (ROOT / "pyproject.toml").read_text()
    + """
[[tool.mypy.overrides]]
module = ["api.*", "credit_scoring.*", "service.*", "serving.*", "fastapi.*", "starlette.*"]
follow_imports = "silent"
"""
)


def lines_with_errors(tmp_path: Path, source: str) -> set[int]:
    """The lines of main.py, with another text, in which mypy finds an error."""
    (tmp_path / "main.py").write_text(source)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    cache = ROOT / ".mypy_cache/doors"
    done = run(
        [sys.executable, "-m", "mypy", "--follow-imports=skip", "--cache-dir", cache, "main.py"],
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    return {int(line) for line in re.findall(r"^main\.py:(\d+): error", done.stdout, re.MULTILINE)}


def test_a_misspelt_method_in_a_route_is_seen_behind_every_door(tmp_path: Path):
    """The routes as they are have no error, because `mypy` is part of the gate."""
    start = SOURCE.index('@direct.get("/get_ids"')
    routes, count = DOORS.subn(r"\1\2_misspelt", SOURCE[start:])
    assert count >= 20
    misspelt = SOURCE[:start] + routes + ADDED.format(MISSPELT) + "    return Response()\n"
    expected = {
        number
        for number, line in enumerate(misspelt.splitlines(), 1)
        if "_misspelt" in line or MISSPELT in line
    }
    assert lines_with_errors(tmp_path, misspelt) == expected


def test_there_is_no_other_door():
    assert len(re.findall(r"[^`]request\.app\b", SOURCE)) == 1
