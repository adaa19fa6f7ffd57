"""The job that workers are given."""

from portfolio.job import code_hash


def test_code_of_every_room_decides_the_hash(tmp_path):
    """A worker with other code is refused, however deep the file lies."""
    room = tmp_path / "credit_scoring" / "model"
    room.mkdir(parents=True)
    (room / "scorecard.py").write_text("POINTS = 600")
    before = code_hash(tmp_path)
    assert code_hash(tmp_path) == before
    (room / "scorecard.py").write_text("POINTS = 500")
    assert code_hash(tmp_path) != before
