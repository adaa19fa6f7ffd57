"""Callers of the service: their names, roles and keys, and the TOML file that lists them.

    [[caller]]
    name = "anna"
    sha256 = "…"                # of the key; a list of them if the caller has several keys
    roles = ["read", "review"]

A message names the place of an error in the file and repeats no text of it but a caller's name:
somebody may have pasted a key.
"""

import hashlib
import hmac
import logging
import re
import stat
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

KEY, ANYONE = "key", "anyone"  # the callers with a key of `API_KEY`, and of an open service
LARGEST = 250_000  # bytes of the file, some 1,500 callers: they are read in 50 ms

NAME = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
PLACE = re.compile(r"\((at [a-z0-9, ]+)\)$")  # ends a message of tomllib
FIELDS = {"name", "sha256", "roles"}
OF_NO_KEY = hashlib.sha256(b"").digest()

log = logging.getLogger(__name__)


class BadCallers(Exception):
    """The file of callers cannot be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A program or a person with keys of their own.

    Attributes:
        name: for records and the log.
        roles: names of the rights that the caller has.
    """

    name: str
    roles: frozenset[str]


def parse_callers(content: bytes, roles: Sequence[str]) -> dict[bytes, Caller]:
    """Callers by the SHA-256 of each of their keys.

    Args:
        content: of the file.
        roles: the names that exist.

    Raises:
        BadCallers: the content does not have the form of the file.
    """
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadCallers(f"not UTF-8 at byte {error.start + 1}") from None
    except (ValueError, RecursionError) as error:  # the first also for a number that is too long
        found = PLACE.search(str(error))
        raise BadCallers(f"not TOML{f', {found[1]}' if found else ''}") from None
    entries = tables.pop("caller", [])
    if tables:
        raise BadCallers("has other entries than [[caller]]")
    if not isinstance(entries, list):
        raise BadCallers("a caller begins with [[caller]], in two pairs of brackets")
    if not entries:
        raise BadCallers("has no [[caller]], which would close the service to everybody")
    callers: dict[bytes, Caller] = {}
    names: set[str] = set()
    for number, entry in enumerate(entries, 1):
        caller, place = _caller(entry, f"caller {number}", roles)
        if caller.name in names:
            raise BadCallers(f"{place}: an earlier caller has this name")
        names.add(caller.name)
        for digest in _digests(entry, place):
            if digest in callers:
                raise BadCallers(f"{place}: {callers[digest].name} has the same key")
            callers[digest] = caller
    return callers


def _caller(entry: Any, place: str, roles: Sequence[str]) -> tuple[Caller, str]:
    """The caller of one entry, and the place of the entry with the caller's name."""
    if not isinstance(entry, dict):
        raise BadCallers(f"{place} is not a table")
    name, own = entry.get("name"), entry.get("roles")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadCallers(f"{place}: name is not a text of 1 to 64 letters, digits or _ . @ -")
    if SHA256.fullmatch(name):
        raise BadCallers(f"{place}: name looks like a key or its hash")
    place = f"{place}, {name}"
    if name in (KEY, ANYONE):
        raise BadCallers(f"{place}: the service itself uses this name")
    if entry.keys() - FIELDS:
        raise BadCallers(f"{place}: has other entries than name, sha256 and roles")
    if not isinstance(own, list) or not own or not all(role in roles for role in own):
        raise BadCallers(f"{place}: roles is not a list of some of {', '.join(roles)}")
    return Caller(name, frozenset(own)), place


def _digests(entry: dict[str, Any], place: str) -> list[bytes]:
    """The hashes of a caller's keys."""
    given = entry.get("sha256")
    texts: list[Any] = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) and SHA256.fullmatch(text) for text in texts):
        raise BadCallers(
            f"{place}: sha256 is not a text of 64 hexadecimal digits, or a list of them"
        )
    digests = [bytes.fromhex(text) for text in texts]
    if OF_NO_KEY in digests:
        raise BadCallers(f"{place}: sha256 is that of an empty key")
    return digests


class CallersFile:
    """The file of callers, which is read again if it was replaced.

    A file that cannot be used changes nothing: the callers of the last good one stay.

    Attributes:
        interval: seconds between two looks at the file, at least.
    """

    interval: ClassVar = 1.0

    def __init__(self, path: Path, roles: Sequence[str]) -> None:
        """Read the file.

        Args:
            path: of the file.
            roles: the names that exist.

        Raises:
            BadCallers: the file cannot be used.
        """
        self._path = path
        self._roles = roles
        self._look_at = time.monotonic() + self.interval
        self._seen = self._fingerprint()
        self._refused: str | None = None
        self._callers: dict[bytes, Caller] = {}
        try:
            self._callers = self._read()
        except (BadCallers, OSError) as error:
            raise BadCallers(self._reason(error)) from error

    def find(self, key: bytes) -> Caller | None:
        """The caller with a key.

        The look-up takes a time that depends on the digest alone, and nobody can choose a key by
        its digest: the time betrays nothing, and needs not be constant.
        """
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + self.interval
            self._look()
        return self._callers.get(hashlib.sha256(key).digest())

    def _look(self) -> None:
        """Read the file if it changed since it was read."""
        before, self._seen = self._seen, self._fingerprint()
        if self._seen == before:
            return
        try:
            self._callers = self._read()
        except (BadCallers, OSError) as error:
            if isinstance(error, OSError):
                self._seen = None  # so that the next look tries again
            if (reason := self._reason(error)) != self._refused:
                log.warning("the callers stay as they are: %s", reason)
            self._refused = reason
        else:
            self._refused = None

    def _fingerprint(self) -> tuple[int, ...] | None:
        """Times, size and inode of the file: they change with it. None without a file."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev

    def _read(self) -> dict[bytes, Caller]:
        """The callers in the file.

        Raises:
            BadCallers: its content is bad.
            OSError: it cannot be read.
        """
        found = self._path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise BadCallers("not a file")
        if found.st_size > LARGEST:
            raise BadCallers(f"larger than {LARGEST} bytes")
        callers = parse_callers(self._path.read_bytes(), self._roles)
        if callers != self._callers:
            count = len({caller.name for caller in callers.values()})
            log.info("%s: %d callers with %d keys", self._path, count, len(callers))
            if found.st_mode & stat.S_IROTH:
                log.warning("%s: every user of this machine can read it", self._path)
        return callers

    def _reason(self, error: BadCallers | OSError) -> str:
        return f"{self._path}: {error if isinstance(error, BadCallers) else error.strerror}"


class Callers:
    """Finds the caller of a request by its key.

    Attributes:
        roles: the names of all roles.
        everybody: the caller of each request if the service needs no key, else None.
    """

    def __init__(self, keys: Sequence[bytes], file: Path | None, roles: Iterable[str]) -> None:
        """Read the file if there is one; without keys and file, the service is open.

        Args:
            keys: those with all roles.
            file: lists callers with their roles; a key that is in it has the roles of its caller.
            roles: the names that exist.

        Raises:
            BadCallers: the file cannot be used.
        """
        names = list(roles)
        self.roles = frozenset(names)
        self.everybody = None if keys or file else Caller(ANYONE, self.roles)
        self._keys = keys
        self._of_keys = Caller(KEY, self.roles)
        self._file = CallersFile(file, names) if file else None

    def find(self, headers: Iterable[tuple[bytes, bytes]]) -> Caller | None:
        """The caller whose key is in the headers of a request; None without a right key."""
        given = b""
        for name, value in headers:
            if name == b"x-api-key":
                given = value
                break
        if self._file and given and (caller := self._file.find(given)):
            return caller
        # Every key is compared, each in constant time: the time of an answer betrays none.
        matches = [hmac.compare_digest(given, key) for key in self._keys]
        return self._of_keys if any(matches) else None
