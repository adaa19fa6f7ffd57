"""The place of SQLite's file, and the version of SQLite."""

from pathlib import Path

import pysqlite3.dbapi2 as sqlite

from register.database.file.file_system import network_file_system
from register.errors import UnusableRegister


def check_place(path: Path) -> None:
    """Check that a file may be a register.

    Raises:
        UnusableRegister: SQLite is too old, or the file would lie on a network file system.
    """
    if not is_sound(sqlite.sqlite_version_info):
        raise UnusableRegister(
            f"SQLite {sqlite.sqlite_version} may corrupt the register; install"
            " requirements/register.txt, which has 3.51.3 or newer"
        )
    if path.is_dir():
        raise UnusableRegister(f"{path} is a folder")
    folder = path if path.exists() else path.parent
    if not folder.exists():
        raise UnusableRegister(f"{path.parent} does not exist")
    kind = network_file_system(folder)
    if kind:
        raise UnusableRegister(
            f"{path} lies on a network file system ({kind}), where SQLite loses data: take a local"
            " disk, or PostgreSQL with REGISTER_URL=postgresql://…"
        )


def is_sound(version: tuple[int, ...]) -> bool:
    """True if a version of SQLite does not corrupt files in WAL mode.

    Fixed in 3.51.3, 3.50.7 and 3.44.6, https://sqlite.org/wal.html#walresetbug.
    """
    return (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )
