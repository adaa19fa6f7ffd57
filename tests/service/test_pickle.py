"""A pickle with another hash is never opened."""

import shutil
from pathlib import Path

import pytest

from credit_scoring.errors import BadFile
from credit_scoring.files import MODEL_FILE
from credit_scoring.loading import load
from tests.support.folders import canary, write_metadata
from tests.support.server import RESSOURCES, Server


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RESSOURCES, tmp_path / "ressources"))


def test_canary_sings_where_it_is_opened(copied: Path):
    """Else the tests below, which look for its file, would show nothing."""
    canary(copied)
    write_metadata(copied)
    with pytest.raises(BadFile, match=r"^model.joblib: is not a scikit-learn Pipeline"):
        load(copied)
    assert (copied.parent / "sang").exists()


def test_model_with_another_hash_than_model_json_says_is_not_opened(copied: Path):
    canary(copied)
    with pytest.raises(BadFile, match=r"^model.joblib: its SHA-256 is [0-9a-f]{64}, expected "):
        load(copied)
    assert not (copied.parent / "sang").exists()


@pytest.mark.parametrize("facts", [True, False])
def test_model_with_another_hash_than_the_setting_is_not_opened(copied: Path, facts: bool):
    sha256 = load(copied).sha256[MODEL_FILE]
    canary(copied)
    write_metadata(copied)
    if not facts:
        (copied / "model.json").unlink()
    with pytest.raises(BadFile, match=rf"(?i)^model.joblib: .* expected {sha256}$"):
        load(copied, sha256.upper())
    assert not (copied.parent / "sang").exists()


def test_server_does_not_start_with_another_model_than_the_setting_says(
    copied: Path, tmp_path: Path
):
    """Nor do files of workers that are gone keep such a start going: it ends at once.

    Of a reload, test_replace.py shows the same.
    """
    counters = tmp_path / "counters"
    counters.mkdir()
    for stale in ("counter_1.db", "worker-1-dead"):
        (counters / stale).write_bytes(b"")
    sha256 = load(copied).sha256[MODEL_FILE]
    canary(copied)
    write_metadata(copied)
    settings = {"MODEL_SHA256": sha256, "PROMETHEUS_MULTIPROC_DIR": str(counters)}
    server = Server(copied, workers=1, **settings)
    server.start()
    try:
        assert server.process.wait(60) == 3
        lines = server.lines()
        (line,) = [line for line in lines if line["level"] == "critical"]
        assert line["event"].startswith("cannot start: model.joblib: its SHA-256 is ")
        assert line["event"].endswith(f", expected {sha256}")
        assert "Traceback" not in server.log()
    finally:
        server.stop()
    assert not (copied.parent / "sang").exists()
