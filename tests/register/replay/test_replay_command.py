"""`python -m register replay` on registers in both databases."""

from unittest import mock

import orjson
import pytest

from register.archive import archive
from register.reading import periods
from register.replay import chunk
from register.replay.kept_files import KeptFiles
from register.tables import schema
from tests.register.recording import Recorder


def test_all_decisions_replay_with_the_model_of_their_day(swapped, scored, other, replay):
    result = replay()
    models = [one.bundle.model_sha256[:12] for one in (scored, other)]
    counts = "bit-equal, 0 different, 0 not replayable, 0 erased"
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"bundle {swapped.bundles[0]}, model {models[0]}: 35 decisions, 35 {counts}",
        f"bundle {swapped.bundles[1]}, model {models[1]}: 18 decisions, 18 {counts}",
        f"53 decisions in 1.0 s: 53 {counts}",
    ]


def test_an_empty_register_replays(database, replay):
    result = replay()
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "0 decisions in 1.0 s: 0 bit-equal, 0 different, 0 not replayable, 0 erased\n"
    )


def test_a_different_decision_is_named(swapped, replay, tmp_path):
    (first, *_), (second, *_) = swapped.decisions
    swapped.replace(first, swapped.bundles[0], probability=0.5, grade="Z")
    swapped.replace(second, swapped.bundles[1], other=0.25)
    out = tmp_path / "different.json"
    result = replay("--out", out)
    assert (result.code, result.err) == (1, "")
    lines = result.out.splitlines()
    assert set(lines[:2]) == {
        f"decision {first}: different in probability, grade",
        f"decision {second}: different in other",
    }
    assert "  fields that differ: probability 1, grade 1" in lines
    assert lines[-1] == (
        "53 decisions in 1.0 s: 51 bit-equal, 2 different, 0 not replayable, 0 erased"
    )
    listed = {line["id"]: line for line in map(orjson.loads, out.read_bytes().splitlines())}
    assert listed == {
        str(first): {
            "id": str(first), "bundle": swapped.bundles[0], "fields": ["probability", "grade"],
            "reason": None,
        },
        str(second): {
            "id": str(second), "bundle": swapped.bundles[1], "fields": ["other"], "reason": None,
        },
    }  # fmt: skip


def test_erased_decisions_are_counted(swapped, replay):
    evidence = schema.evidence
    swapped.by_hand(evidence.delete().where(evidence.c.decision.in_(swapped.decisions[0][:3])))
    result = replay()
    assert result.code == 0
    assert result.out.splitlines()[-1] == (
        "53 decisions in 1.0 s: 50 bit-equal, 0 different, 0 not replayable, 3 erased"
    )


def test_a_bundle_whose_files_are_damaged_is_not_replayable(swapped, other, replay, tmp_path):
    part = schema.artefact_part
    model = bytes.fromhex(other.bundle.model_sha256)
    swapped.by_hand(part.delete().where(part.c.sha256 == model))
    out = tmp_path / "different.json"
    result = replay("--out", out)
    reason = "model.joblib: the register has 0 parts of it, expected 1"
    assert (result.code, result.err) == (1, "")
    assert f"  {reason}: 18 decisions" in result.out.splitlines()
    assert result.out.splitlines()[-1] == (
        "53 decisions in 1.0 s: 35 bit-equal, 0 different, 18 not replayable, 0 erased"
    )
    listed = [orjson.loads(line) for line in out.read_bytes().splitlines()]
    assert {line["id"] for line in listed} == set(map(str, swapped.decisions[1]))
    assert {line["reason"] for line in listed} == {reason}


def test_files_that_cannot_be_loaded_are_not_replayable(swapped, replay, tmp_path):
    """Somebody changed a table in the shared folder."""
    folder = tmp_path / "kept"
    folder.mkdir()
    with swapped.database.reading() as connection:
        for bundle in swapped.bundles:
            files = KeptFiles.write(connection, bundle, folder).files
            (files / "train_samp.csv").write_text("SK_ID_CURR\n")
    result = replay("--folder", folder)
    assert result.code == 1
    assert result.out.count("train_samp.csv: ") == 20 + 2
    assert "0 bit-equal, 0 different, 53 not replayable" in result.out.splitlines()[-1]


def test_another_environment_is_named(database, scored, replay):
    then = archive.environment() | {"numpy": "1.0.0", "gone": "7"}
    with mock.patch.object(archive, "environment", return_value=then):
        recorder = Recorder(database)
        bundle = recorder.keep(scored)
    recorder.decide(scored, scored.clients(2), bundle=bundle)
    result = replay()
    here = archive.environment()["numpy"]
    assert result.code == 0
    assert f"  other than then: gone none, then 7; numpy {here}, then 1.0.0" in result.out


@pytest.mark.parametrize(
    ("options", "number"),
    [
        (["--from", "2026-10-02"], 18),
        (["--to", "2026-10-31"], 35),
        (["--to", "2026-11-01"], 53),
        (["--from", "2026-11-01T12:00:00Z"], 18),
        (["--from", "2026-11-01T12:00:00.000001+00:00"], 0),
        (["--from", "2026-11-01T13:00:00+01:00", "--to", "2026-11-01T12:00:01"], 18),
        (["--to", "2026-11-01T12:00:00Z"], 35),
        (["--from", "2026-10-01", "--to", "2026-10-01"], 35),
    ],
)
def test_a_period_is_replayed(swapped, replay, options, number):
    result = replay(*options)
    assert result.code == 0
    assert result.out.splitlines()[-1].startswith(
        f"{number} decisions in 1.0 s: {number} bit-equal"
    )


def test_pages_and_chunks_leave_nothing_out(swapped, replay, monkeypatch):
    """Decisions of one time are on several pages, in chunks of several sizes."""
    monkeypatch.setattr(periods, "PAGE", 7)
    monkeypatch.setattr(chunk, "CHUNK_ROWS", 4)
    assert "53 decisions in 1.0 s: 53 bit-equal" in replay().out
    monkeypatch.setattr(chunk, "CHUNK_BYTES", 1)
    assert "53 decisions in 1.0 s: 53 bit-equal" in replay().out


REFUSALS = {
    "scheduler": (["--scheduler", "tcp://127.0.0.1:9"], "needs --folder, which all its machines"),
    "both": (["--workers", "1", "--scheduler", "x"], "not allowed with argument"),
    "time": (["--from", "yesterday"], "yesterday is neither a date nor a time such as"),
    "day": (["--to", "2026-02-30"], "2026-02-30 is neither a date nor a time such as"),
    "out": (["--out", "/nowhere/x.json"], "/nowhere/x.json: cannot be written: No such file"),
    "folder": (["--folder", "/dev/null/x"], "/dev/null/x: cannot be made: Not a directory"),
}


@pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", REFUSALS)
def test_a_command_that_cannot_run_says_why(database, replay, name):
    options, problem = REFUSALS[name]
    result = replay(*options)
    assert result.code == 2
    assert problem in result.err
    assert result.err.count("\n") == 1
    assert result.out == ""


def test_a_register_without_tables_is_refused(replay):
    result = replay()
    assert result.code == 2
    assert result.err.startswith("register: ")
    assert "python -m register migrate" in result.err
