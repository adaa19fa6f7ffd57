"""Rights of PostgreSQL's roles on the register. The role that runs `migrate` owns the tables.

The owner, the keeper of the register, erases and retires; nobody else can delete.
"""

from collections.abc import Callable

from register.tables.schema import metadata

KINDS = {
    "writer": "SELECT, INSERT",  # the service
    "reader": "SELECT",  # reports
}
SEQUENCES = ("bundle_id_seq", "stream_id_seq")  # of columns that count


def grants(kind: str, role: str, quote: Callable[[str], str]) -> list[str]:
    """Statements that give a role its rights; a second time they change nothing.

    Args:
        kind: of `KINDS`.
        role: which exists.
        quote: makes an identifier of a name.
    """
    tables = ", ".join(quote(name) for name in metadata.tables)
    statements = [
        f"GRANT {KINDS[kind]} ON {tables} TO {quote(role)}",
        f"GRANT SELECT ON alembic_version TO {quote(role)}",
    ]
    if kind == "writer":
        statements.append(f"GRANT USAGE ON SEQUENCE {', '.join(SEQUENCES)} TO {quote(role)}")
    return statements
