"""Callers of a file: its form, each error in it with its place, and its replacement."""

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from serving.callers import BadCallers, Caller, Callers, CallersFile, parse_callers

ROLES = ["read", "write", "count"]
SECRET = "gR7-secret-text-somebody-pasted"  # noqa: S105 - a text that no message may have


class HastyFile(CallersFile):
    """Looks at the file each time."""

    interval = 0.0


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def entry(name: str, key: str, roles: Sequence[str] = ("read",)) -> str:
    """One caller in the file."""
    return f'[[caller]]\nname = "{name}"\nsha256 = "{hashed(key)}"\nroles = {list(roles)}\n'


def bare(name: str = '"anna"', sha256: str = f'"{hashed("k")}"', roles: str = '["read"]') -> str:
    """One caller in the file, whose values are written as TOML."""
    return f"[[caller]]\nname = {name}\nsha256 = {sha256}\nroles = {roles}\n"


def test_callers_have_their_keys_names_and_roles():
    upper = hashed("third").upper()
    text = f"""
# who may do what
[[caller]]
name = "anna"
sha256 = ["{hashed("first")}", "{upper}"]
roles = ["read", "write", "read"]

{entry("desk_2.b@bank-x", "second", ["count"])}"""
    anna = Caller("anna", frozenset(["read", "write"]))
    desk = Caller("desk_2.b@bank-x", frozenset(["count"]))
    keys = {"first": anna, "second": desk, "third": anna}
    assert parse_callers(text.encode(), ROLES) == {
        hashlib.sha256(key.encode()).digest(): caller for key, caller in keys.items()
    }


@pytest.mark.parametrize(
    "content",
    [
        entry("anna", "k").encode("utf-8-sig"),
        entry("anna", "k").replace("\n", "\r\n").encode(),
        f"# für alle\n{entry('anna', 'k')}".encode(),
    ],
    ids=["BOM", "CRLF", "comment"],
)
def test_a_file_may_come_from_any_editor(content: bytes):
    (caller,) = parse_callers(content, ROLES).values()
    assert caller == Caller("anna", frozenset(["read"]))


NO_NAME = "name is not a text of 1 to 64 letters, digits or _ . @ -"
NO_ROLES = "roles is not a list of some of read, write, count"
OF_BOB = "caller 2, anna: bob has the same key"
NO_OTHERS = "has other entries than name, sha256 and roles"
NO_HASH = "sha256 is not a text of 64 hexadecimal digits, or a list of them"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no [[caller]], which would close the service to everybody"),
        ("# nobody\n", "has no [[caller]], which would close the service to everybody"),
        ("caller = []", "has no [[caller]], which would close the service to everybody"),
        ("[caller]\n", "a caller begins with [[caller]], in two pairs of brackets"),
        (f'{SECRET} = "x"', "has other entries than [[caller]]"),
        (f'{bare()}[[{SECRET}]]\nname="x"', "has other entries than [[caller]]"),
        (f'{bare()}\n"{SECRET}', "not TOML, at end of document"),
        (f"{bare()}\n[[caller]]\n{SECRET}", "not TOML, at end of document"),
        (f"{bare()}{SECRET}\n", "not TOML, at line 5, column 32"),
        (f"{SECRET} = 1\n{SECRET} = 2\n", "not TOML, at line 2, column 36"),
        (f"[{SECRET}]\n[{SECRET}]\n", "not TOML, at line 2, column 33"),
        (f"x = {'[' * 5000}", "not TOML"),
        (f"x = {'9' * 5000}", "not TOML"),
        (f"caller = ['{SECRET}']", "caller 1 is not a table"),
        (bare() + f"[[caller]]\nroles = ['{SECRET}']", f"caller 2: {NO_NAME}"),
        (bare(name=f'"{SECRET} "'), f"caller 1: {NO_NAME}"),
        (bare(name='""'), f"caller 1: {NO_NAME}"),
        (bare(name='"anna\\n"'), f"caller 1: {NO_NAME}"),
        (bare(name='"änna"'), f"caller 1: {NO_NAME}"),
        (bare(name="7"), f"caller 1: {NO_NAME}"),
        (bare(name=f'"{"x" * 65}"'), f"caller 1: {NO_NAME}"),
        (bare(name=f'"{hashed(SECRET)}"'), "caller 1: name looks like a key or its hash"),
        (bare(name='"key"'), "caller 1, key: the service itself uses this name"),
        (bare(name='"anyone"'), "caller 1, anyone: the service itself uses this name"),
        (bare() + f"role = '{SECRET}'", f"caller 1, anna: {NO_OTHERS}"),
        (bare(roles=f'["read", "{SECRET}"]'), f"caller 1, anna: {NO_ROLES}"),
        (bare(roles='["Read"]'), f"caller 1, anna: {NO_ROLES}"),
        (bare(roles='"read"'), f"caller 1, anna: {NO_ROLES}"),
        (bare(roles='[["read"]]'), f"caller 1, anna: {NO_ROLES}"),
        (bare(roles="[]"), f"caller 1, anna: {NO_ROLES}"),
        (f'[[caller]]\nname="anna"\nsha256="{hashed("k")}"', f"caller 1, anna: {NO_ROLES}"),
        (bare(sha256=f'"{SECRET}"'), f"caller 1, anna: {NO_HASH}"),
        (bare(sha256=f'"{hashed("k")[1:]}"'), f"caller 1, anna: {NO_HASH}"),
        (bare(sha256=f'"{hashed("k")} "'), f"caller 1, anna: {NO_HASH}"),
        (bare(sha256=f'"{hashed("k")[1:]}g"'), f"caller 1, anna: {NO_HASH}"),
        (bare(sha256="[]"), f"caller 1, anna: {NO_HASH}"),
        (bare(sha256="64"), f"caller 1, anna: {NO_HASH}"),
        (bare(sha256=f'["{hashed("k")}", 7]'), f"caller 1, anna: {NO_HASH}"),
        ('[[caller]]\nname="anna"\nroles=["read"]', f"caller 1, anna: {NO_HASH}"),
        (bare(sha256=f'"{hashed("")}"'), "caller 1, anna: sha256 is that of an empty key"),
        (bare() + entry("anna", "l"), "caller 2, anna: an earlier caller has this name"),
        (bare(sha256=f"{[hashed('k')] * 2}"), "caller 1, anna: anna has the same key"),
        (entry("bob", "k") + bare(sha256=f'"{hashed("k").upper()}"'), OF_BOB),
    ],
)  # fmt: skip
def test_an_error_in_the_file_is_told_by_its_place(text: str, reason: str):
    with pytest.raises(BadCallers) as raised:
        parse_callers(text.encode(), ROLES)
    assert str(raised.value) == reason
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_file_that_is_not_utf_8_is_refused():
    for content, place in [(b"# \xe9", 3), (entry("anna", "k").encode("utf-16"), 1)]:
        with pytest.raises(BadCallers, match=f"^not UTF-8 at byte {place}$"):
            parse_callers(content, ROLES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of anna, bob and their keys."""
    path = tmp_path / "callers.toml"
    path.write_text(entry("anna", "key of anna") + entry("bob", "key of bob", ["write"]))
    path.chmod(0o600)
    return path


def names(file: CallersFile, *keys: str) -> list[str | None]:
    """The names of the callers with keys."""
    found = [file.find(key.encode()) for key in keys]
    return [caller and caller.name for caller in found]


def new_log_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings so far, which are forgotten."""
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    caplog.clear()
    return [record.getMessage() for record in records]


def test_a_key_has_its_caller(path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    file = CallersFile(path, ROLES)
    assert file.find(b"key of bob") == Caller("bob", frozenset(["write"]))
    assert names(file, "key of anna", "", "key of", hashed("key of anna")) == ["anna"] + [None] * 3
    assert caplog.messages == [f"{path}: 2 callers with 2 keys"]


def test_a_file_that_is_renamed_into_place_is_read(path: Path, caplog: pytest.LogCaptureFixture):
    file = HastyFile(path, ROLES)
    new = path.with_suffix(".new")
    new.write_text(entry("carl", "key of carl") + entry("bob", "another key", ["count"]))
    new.chmod(0o600)
    assert names(file, "key of anna", "key of carl") == ["anna", None]
    new.replace(path)
    keys = ("key of anna", "key of bob", "another key", "key of carl")
    assert names(file, *keys) == [None, None, "bob", "carl"]
    assert file.find(b"another key") == Caller("bob", frozenset(["count"]))
    assert new_log_lines(caplog) == []


def test_a_file_that_is_written_in_place_is_read(path: Path, caplog: pytest.LogCaptureFixture):
    """An editor empties it first, then writes it piece by piece."""
    file = HastyFile(path, ROLES)
    text = entry("carl", "key of carl") + entry("dora", "key of dora")
    middle = text.index("sha256", text.index("dora"))
    with path.open("w") as written:
        for piece in (text[:20], text[20:middle], text[middle:]):
            assert names(file, "key of anna", "key of carl") == ["anna", None]
            written.write(piece)
            written.flush()
    assert names(file, "key of anna", "key of carl", "key of dora") == [None, "carl", "dora"]
    place = f"the callers stay as they are: {path}"
    assert new_log_lines(caplog) == [
        f"{place}: has no [[caller]], which would close the service to everybody",
        f"{place}: not TOML, at end of document",
        f"{place}: caller 2, dora: {NO_ROLES}",
    ]


bad_files = pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"{SECRET}\n".encode(), "not TOML, at line 1, column 32"),
        (b"\xff", "not UTF-8 at byte 1"),
        (bare(roles=f'["{SECRET}"]').encode(), f"caller 1, anna: {NO_ROLES}"),
        (b"#" * 250_001, "larger than 250000 bytes"),
    ],
)


@bad_files
def test_a_bad_file_is_refused_at_the_start(path: Path, content: bytes, reason: str):
    path.write_bytes(content)
    with pytest.raises(BadCallers) as raised:
        CallersFile(path, ROLES)
    assert str(raised.value) == f"{path}: {reason}"


@bad_files
def test_a_bad_file_keeps_the_callers_later(
    path: Path, content: bytes, reason: str, caplog: pytest.LogCaptureFixture
):
    file, good = HastyFile(path, ROLES), path.read_bytes()
    path.write_bytes(content)
    for _ in range(3):
        assert names(file, "key of anna", "key of bob", "key") == ["anna", "bob", None]
    assert new_log_lines(caplog) == [f"the callers stay as they are: {path}: {reason}"]
    path.write_bytes(good.replace(b"bob", b"carl"))
    assert names(file, "key of bob") == ["carl"]
    assert new_log_lines(caplog) == []
    path.write_bytes(content)
    assert names(file, "key of bob") == ["carl"]
    assert new_log_lines(caplog) == [f"the callers stay as they are: {path}: {reason}"]


def test_a_missing_file_is_refused_at_the_start(path: Path):
    path.unlink()
    with pytest.raises(BadCallers) as raised:
        CallersFile(path, ROLES)
    assert str(raised.value) == f"{path}: No such file or directory"


def test_a_file_that_is_gone_keeps_the_callers(path: Path, caplog: pytest.LogCaptureFixture):
    file, away = HastyFile(path, ROLES), path.with_suffix(".away")
    path.rename(away)
    for _ in range(3):
        assert names(file, "key of anna") == ["anna"]
    gone = f"the callers stay as they are: {path}: No such file or directory"
    assert new_log_lines(caplog) == [gone]
    path.mkdir()
    assert names(file, "key of anna") == ["anna"]
    assert new_log_lines(caplog) == [f"the callers stay as they are: {path}: not a file"]
    path.rmdir()
    away.write_text(entry("carl", "key of anna"))
    away.rename(path)
    assert names(file, "key of anna") == ["carl"]


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(BadCallers, match=r": not a file$"):
        CallersFile(path, ROLES)


def test_a_file_for_every_reader_is_used_with_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture
):
    path.chmod(0o644)
    file = HastyFile(path, ROLES)
    assert names(file, "key of anna") == ["anna"]
    assert new_log_lines(caplog) == [f"{path}: every user of this machine can read it"]
    os.utime(path)
    assert names(file, "key of anna") == ["anna"]
    assert new_log_lines(caplog) == []


def headers(key: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"a"), (b"x-api-key", key), (b"x-api-key", b"a second one")]


def test_without_a_key_everybody_has_all_roles():
    assert Callers([], None, ROLES).everybody == Caller("anyone", frozenset(ROLES))


def test_a_key_of_the_setting_has_all_roles():
    callers = Callers([b"one", b"two"], None, ROLES)
    assert callers.everybody is None
    assert callers.find(headers(b"two")) == Caller("key", frozenset(ROLES))
    for wrong in (b"", b"on", b"one,two", b"a second one"):
        assert callers.find(headers(wrong)) is None
    assert callers.find([]) is None


def test_a_file_and_the_setting_go_together(path: Path):
    """A key that is in both has the name and the roles of the file."""
    callers = Callers([b"one", b"key of anna"], path, ROLES)
    assert callers.everybody is None
    assert callers.find(headers(b"one")) == Caller("key", frozenset(ROLES))
    assert callers.find(headers(b"key of anna")) == Caller("anna", frozenset(["read"]))
    assert callers.find(headers(b"")) is None
    assert callers.find([]) is None


def test_with_a_file_alone_a_request_needs_its_keys(path: Path):
    callers = Callers([], path, ROLES)
    assert callers.everybody is None
    assert callers.find(headers(b"key of bob")) == Caller("bob", frozenset(["write"]))
    for wrong in (b"", b"one"):
        assert callers.find(headers(wrong)) is None
    assert callers.find([]) is None
