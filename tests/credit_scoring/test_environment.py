"""The environment that decides the bits of a score."""

from importlib.metadata import version

from credit_scoring.environment import code_hash, installed
from credit_scoring.settings import ROOT


def test_code_of_every_room_decides_the_hash(tmp_path):
    """A worker with other code is refused, however deep the file lies."""
    room = tmp_path / "credit_scoring" / "model"
    room.mkdir(parents=True)
    (room / "scorecard.py").write_text("POINTS = 600")
    before = code_hash(tmp_path, ["credit_scoring"])
    assert code_hash(tmp_path, ["credit_scoring"]) == before
    (room / "scorecard.py").write_text("POINTS = 500")
    assert code_hash(tmp_path, ["credit_scoring"]) != before


def test_libraries_and_code_are_named():
    found = installed(("credit_scoring",))
    assert found["numpy"] == version("numpy")
    assert found["lightgbm"] == version("lightgbm")
    assert found["credit-scoring"] == code_hash(ROOT, ["credit_scoring"])
    assert installed(("credit_scoring", "portfolio"))["credit-scoring"] != found["credit-scoring"]
