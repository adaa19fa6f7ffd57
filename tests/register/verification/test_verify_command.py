"""`python -m register verify` on registers in both databases."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest import mock

import orjson
import pytest

from register.__main__ import main
from register.evidence.chain import block_id
from register.tables import schema
from register.verification import problems
from register.verification.chain.head import Head, read_head
from tests.support.commands import CommandResult
from tests.support.registers.register_command import run_register


@pytest.fixture
def command(capsys, filled) -> Callable[..., CommandResult]:
    """A command on the register."""
    return partial(run_register, capsys, filled.url)


def head_of(filled) -> Head:
    with filled.database.reading() as connection:
        return read_head(connection)


SUMMARY = "2 streams, 9 blocks, 1 bundle, 5 decisions (0 erased), 0 rows retired; 1.0 s"


def test_a_clean_register(filled, command):
    result = command("verify")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [SUMMARY, f"head {head_of(filled).head}", "no problem"]


def test_a_changed_row_is_named(filled, command):
    of = filled.decisions[1]
    filled.by_hand(schema.decision.update().where(schema.decision.c.id == of).values(caller="bob"))
    result = command("verify")
    assert (result.code, result.err) == (1, "")
    lines = [f"decision {of}: was changed", SUMMARY, f"head {head_of(filled).head}", "1 problem"]
    assert result.out.splitlines() == lines


def test_many_problems_are_counted(filled, command, monkeypatch):
    monkeypatch.setattr(problems, "KEPT", 2)
    filled.by_hand(schema.decision.update().values(caller="bob"))
    result = command("verify")
    lines = result.out.splitlines()
    assert result.code == 1
    assert len([line for line in lines if line.endswith(": was changed")]) == 2
    assert (lines[2], lines[-1]) == ("and 3 more problems", "5 problems")


@pytest.fixture
def head_file(filled, tmp_path: Path) -> Path:
    """The head as `GET /register/head` gives it."""
    path = tmp_path / "head.json"
    head = head_of(filled)
    path.write_bytes(orjson.dumps({**vars(head), "streams": list(map(vars, head.streams))}))
    return path


def test_a_head_published_earlier_fits(filled, command, head_file):
    filled.recorder.event("read")
    result = command("verify", "--head", head_file)
    assert (result.code, result.out.splitlines()[-1]) == (0, "no problem")


def test_a_head_tells_that_the_end_is_missing(filled, command, head_file):
    last = block_id(1, 7)
    filled.by_hand(
        schema.outcome.delete().where(schema.outcome.c.block == last),
        schema.block.delete().where(schema.block.c.id == last),
    )
    assert command("verify").code == 0
    result = command("verify", "--head", head_file)
    assert result.code == 1
    assert result.out.splitlines()[0] == "block 7 of stream 1: is in the head, and is not there"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text[:-1], "is not a head of a register"),
        (lambda text: b"{}", "is not a head of a register"),
        (lambda text: b"[]", "is not a head of a register"),
        (lambda text: text.replace(b'"number":7', b'"number":6'), "its hash is not that of"),
        (lambda text: text.replace(b'"stream":2', b'"stream":"x"'), "is not a head of a register"),
    ],
)
def test_a_file_that_is_no_head_is_refused(command, head_file, change, problem):
    head_file.write_bytes(change(head_file.read_bytes()))
    result = command("verify", "--head", head_file)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"register: {head_file}: {problem}")
    assert result.err.count("\n") == 1


def test_a_head_that_is_missing_is_named(command, tmp_path):
    result = command("verify", "--head", tmp_path / "none")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"register: {tmp_path / 'none'}: cannot be read: No such file or directory\n"
    )


def test_a_register_that_is_not_set_is_named(capsys):
    with mock.patch.dict("os.environ", {"REGISTER_URL": ""}):
        assert main(["verify"]) == 2
    assert capsys.readouterr().err == "register: REGISTER_URL is not set\n"


def test_erasure_by_the_command_is_clean(filled, command):
    """Two requests, a review and a note belong to this decision."""
    assert command("erase", "--decision", filled.decisions[0]).code == 0
    result = command("verify")
    assert result.code == 0, result.out
    assert "5 decisions (1 erased)" in result.out


def test_retirement_by_the_command_is_clean(filled, command, monkeypatch):
    monkeypatch.setenv("REGISTER_KEEP_MONTHS", "6")
    result = command("retire")
    assert result.code == 0, result.err
    assert command("verify").code == 0
