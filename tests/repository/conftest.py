"""An environment whose python is a fake."""

import sys
from pathlib import Path

import pytest

from tests.support.commands import script


@pytest.fixture
def active(tmp_path: Path) -> Path:
    """An active environment whose python prints what gunicorn would be started with."""
    show = "import os, sys; print(repr((sys.argv[1:], dict(os.environ))))"
    script(
        tmp_path / "active/bin/python",
        f'if [ "$1 $2" = "-m gunicorn" ]; then exec "{sys.executable}" -c "{show}" "$@"; fi',
        f'exec "{sys.executable}" "$@"',
    )
    return tmp_path / "active"
