"""An environment whose python is a fake."""

import sys
from pathlib import Path

import pytest

from tests.repository.startup_command import script


@pytest.fixture
def active_environment(tmp_path: Path) -> Path:
    """An active environment whose python prints what gunicorn would be started with.

    It answers yes to every check of startup.sh; test_deployed.py has a start with a real python.
    """
    show = "import os, sys; print(repr((sys.argv[1:], dict(os.environ))))"
    script(
        tmp_path / "active/bin/python",
        f'if [ "$1 $2" = "-m gunicorn" ]; then exec "{sys.executable}" -c "{show}" "$@"; fi',
        'case "$2" in *version_info* | *importlib.metadata* | *libgomp*) exit 0 ;; esac',
        f'exec "{sys.executable}" "$@"',
    )
    return tmp_path / "active"
