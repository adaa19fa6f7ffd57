"""Artefacts that were changed in the register are not written."""

import pytest
from sqlalchemy import select

from credit_scoring.data.artifacts import (
    MODEL_FILE,
    NEW_FILE,
)
from credit_scoring.errors import BadFile
from credit_scoring.model.loader import load
from register.archive import artefacts
from register.archive.stored_bundles import (
    materialise,
    read_description,
)
from register.tables import schema
from tests.support.registers.guards import unguarded


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda c, p, a: c.execute(p.delete().where(p.c.number == 1)), "the register has"),
        (lambda c, p, a: c.execute(p.update().values(content=b"x")), "a part of it is damaged"),
        (lambda c, p, a: c.execute(a.update().values(size=7)), "the register's copy has another"),
        (lambda c, p, a: c.execute(a.update().values(parts=0)), "the register has"),
    ],
)
def test_a_damaged_artefact_is_refused(
    archive, database, folder, made, monkeypatch, change, problem
):
    monkeypatch.setattr(artefacts, "PART", 10_000)
    number = archive.keep(load(folder), folder)
    with database.writing() as connection:
        unguarded(connection)
        change(connection, schema.artefact_part, schema.artefact)
    with database.reading() as connection, pytest.raises(BadFile, match=f": {problem}"):
        materialise(connection, number, made)


def test_a_swapped_content_is_refused(archive, database, folder, made):
    """A part that can be decompressed, and is of another file."""
    number = archive.keep(load(folder), folder)
    part = schema.artefact_part
    with database.writing() as connection:
        unguarded(connection)
        contents = connection.execute(select(part)).all()
        model = bytes.fromhex(read_description(connection, number).model_sha256)
        other = next(row.content for row in contents if row.sha256 != model)
        connection.execute(part.update().where(part.c.sha256 == model).values(content=other))
    with (
        database.reading() as connection,
        pytest.raises(
            BadFile, match=rf"^{MODEL_FILE}: the register's copy has another hash or size$"
        ),
    ):
        materialise(connection, number, made)
    assert not (made / MODEL_FILE).exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "../model.joblib", ""])
def test_a_name_outside_the_folder_is_refused(archive, database, folder, made, name):
    number = archive.keep(load(folder), folder)
    bundle = schema.bundle
    with database.writing() as connection:
        text = read_description(connection, number).text.replace(f'"{NEW_FILE}"', f'"{name}"')
        connection.execute(bundle.update().values(description=text))
    with database.reading() as connection, pytest.raises(BadFile, match="is not a name of a file"):
        materialise(connection, number, made)
