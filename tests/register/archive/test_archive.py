"""Bundles that are kept, and written into a folder again."""

import hashlib
import importlib
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sqlalchemy import func, select

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    REQUIREMENTS_FILE,
)
from credit_scoring.environment import installed
from credit_scoring.errors import BadFile
from credit_scoring.model.loader import load
from register.archive import artefacts
from register.archive.archive import Archive
from register.archive.feature_dictionaries import kept_dictionary
from register.archive.stored_bundles import (
    UnknownBundle,
    materialise,
    read_codec,
    read_description,
    stored_bundle,
)
from register.database.opening import open_database
from register.errors import RegisterAway
from register.tables import schema
from tests.register.recording import Scored
from tests.support.bundles.artefacts import PLAIN, lightgbm, make_folder
from tests.support.bundles.folders import write_metadata

FILES = {MODEL_FILE, REFERENCE_FILE, NEW_FILE, METADATA_FILE, FEATURES_FILE}


def contents_of(folder: Path) -> dict[str, bytes]:
    files = filter(Path.is_file, folder.rglob("*"))
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def count(database, table) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_a_kept_bundle_is_written_byte_for_byte(archive, database, folder, made):
    bundle = load(folder)
    number = archive.keep(bundle, folder)
    with database.reading() as connection:
        materialise(connection, number, made)
        stored = stored_bundle(connection, number)
        description = read_description(connection, number)
    assert contents_of(made) == contents_of(folder)
    assert set(stored.files) == FILES
    for name, sha256 in stored.files.items():
        assert sha256 == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert stored.model == bundle.model_sha256
    assert stored.versions.items() >= installed(("credit_scoring",)).items()
    assert {"python", "platform", "processor"} <= set(stored.versions)
    assert stored.sha256 == description.sha256.hex()
    assert tuple(description.features) == bundle.features
    assert (description.model, description.fast_explanations) == (MODEL_FILE, True)
    again = load(made)
    assert again.files == bundle.files
    assert again.probability_at_start == bundle.probability_at_start


@pytest.fixture
def folder_with_modules(tmp_path: Path) -> Path:
    """A model whose transformer is a function of a package in its folder."""
    code = tmp_path / "code"
    (code / "features").mkdir(parents=True)
    (code / "features" / "__init__.py").touch()
    (code / "features" / "steps.py").write_text("def halved(rows):\n    return rows / 2\n")
    (code / "unused.py").write_text("1 / 0\n")
    path = tmp_path / "with_modules"
    sys.path.insert(0, str(code))
    try:
        halved = importlib.import_module("features.steps").halved
        pipeline = make_pipeline(
            FunctionTransformer(halved, feature_names_out="one-to-one"), lightgbm()
        )
        make_folder(path, pipeline, PLAIN)
    finally:
        sys.path.remove(str(code))
        for name in ("features", "features.steps"):
            sys.modules.pop(name, None)
    shutil.copytree(code, path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    write_metadata(path)
    return path


def test_modules_that_the_model_uses_are_kept(archive, database, folder_with_modules, made):
    bundle = load(folder_with_modules)
    number = archive.keep(bundle, folder_with_modules)
    with database.reading() as connection:
        materialise(connection, number, made)
    modules = {"features/__init__.py", "features/steps.py"}
    assert set(contents_of(made)) == {MODEL_FILE, REFERENCE_FILE, NEW_FILE, METADATA_FILE, *modules}
    assert contents_of(made).items() <= contents_of(folder_with_modules).items()
    assert (made / "features" / "__init__.py").read_bytes() == b""
    again = load(made)
    assert again.files == bundle.files
    assert again.transformed.tobytes() == bundle.transformed.tobytes()


def test_files_are_stored_once(archive, database, folder):
    first = archive.keep(load(folder), folder)
    artefact_count, parts = count(database, schema.artefact), count(database, schema.artefact_part)
    assert artefact_count == len(FILES)
    assert archive.keep(load(folder), folder) == first
    (folder / REQUIREMENTS_FILE).write_text("numpy\n")
    second = archive.keep(load(folder), folder)
    assert second != first
    assert count(database, schema.bundle) == 2
    assert count(database, schema.artefact) == artefact_count + 1
    assert count(database, schema.artefact_part) == parts + 1
    with database.reading() as connection:
        files = stored_bundle(connection, second).files
    assert files[REQUIREMENTS_FILE] == hashlib.sha256(b"numpy\n").hexdigest()


def test_large_files_have_several_parts(archive, database, folder, made, monkeypatch):
    monkeypatch.setattr(artefacts, "PART", 10_000)
    number = archive.keep(load(folder), folder)
    sizes = {name: (folder / name).stat().st_size for name in FILES}
    assert max(sizes.values()) > 30_000
    assert count(database, schema.artefact_part) == sum(
        -(-size // 10_000) for size in sizes.values()
    )
    with database.reading() as connection:
        materialise(connection, number, made)
    assert contents_of(made) == contents_of(folder)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_changed_since_it_was_loaded_is_refused(archive, database, folder, name):
    bundle = load(folder)
    with (folder / name).open("ab") as file:
        file.write(b"\n")
    changed = f"^{name}: changed since it was loaded: it is kept after the next reload$"
    with pytest.raises(BadFile, match=changed):
        archive.keep(bundle, folder)
    assert count(database, schema.bundle) == 0


def test_a_file_that_is_gone_is_refused(archive, folder):
    bundle = load(folder)
    (folder / NEW_FILE).unlink()
    with pytest.raises(BadFile, match=f"^{NEW_FILE}: cannot be read: No such file or directory$"):
        archive.keep(bundle, folder)


def test_a_second_call_goes_on_where_the_first_one_failed(
    archive, database, folder, made, monkeypatch
):
    """As if the database went away after some parts."""
    monkeypatch.setattr(artefacts, "PART", 10_000)
    insert, parts = database.insert, []

    def fail(connection, table, rows):
        if table is schema.artefact_part and len(parts) == 3:
            raise RegisterAway("away")
        insert(connection, table, rows)
        parts.extend(rows if table is schema.artefact_part else [])

    bundle = load(folder)
    monkeypatch.setattr(database, "insert", fail)
    with pytest.raises(RegisterAway):
        archive.keep(bundle, folder)
    assert (count(database, schema.bundle), count(database, schema.artefact_part)) == (0, 3)
    monkeypatch.setattr(database, "insert", insert)
    number = archive.keep(bundle, folder)
    with database.reading() as connection:
        materialise(connection, number, made)
    assert contents_of(made) == contents_of(folder)


def test_two_workers_keep_one_bundle(register_url, database, folder, monkeypatch):
    monkeypatch.setattr(artefacts, "PART", 10_000)
    bundle, found = load(folder), []
    begin = threading.Barrier(2)

    def keep():
        own = open_database(register_url)
        begin.wait()
        while True:
            try:
                found.append(Archive(own, fast_explanations=True).keep(bundle, folder))
            except RegisterAway:  # the other one holds the lock for long: as a worker, try again
                continue
            break
        own.close()

    threads = [threading.Thread(target=keep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 2
    assert count(database, schema.bundle) == 1
    assert count(database, schema.artefact) == len(FILES)


def test_evidence_gets_a_dictionary_of_the_bundle_s_clients(archive, database, folder):
    scored = Scored.of(folder)
    calls = []

    def answers():
        calls.append(1)
        return [
            b'{"probability":%d,"text":"External credit scores are low"}' % n for n in range(90)
        ]

    number = archive.keep(scored.bundle, folder, answers)
    assert archive.keep(scored.bundle, folder, answers) == number
    assert calls == [1]
    with database.reading() as connection:
        codec = read_codec(connection, number)
    assert codec.records.dictionary is not None
    answer = answers()[7]
    assert codec.answers.decompress(codec.answers.compress(answer)) == answer
    if codec.answers.dictionary is not None:
        assert len(codec.answers.compress(answer)) < len(answer) / 2


def test_an_unknown_bundle_is_named(database, made):
    with database.reading() as connection:
        for ask in (stored_bundle, read_description, read_codec):
            with pytest.raises(UnknownBundle, match=r"^no bundle 7$"):
                ask(connection, 7)
        with pytest.raises(UnknownBundle, match=r"^no bundle 7$"):
            materialise(connection, 7, made)


def test_the_dictionary_of_a_kept_bundle_is_that_of_its_file(archive, database, folder):
    bundle = load(folder)
    number = archive.keep(bundle, folder)
    with database.reading() as connection:
        stored = stored_bundle(connection, number)
        kept = kept_dictionary(connection, stored, bundle.features)
        assert kept is not None
        assert kept.features == bundle.dictionary.features
        assert kept.languages == ("fr",)
        others = {name: sha for name, sha in stored.files.items() if name != FEATURES_FILE}
        for files in (others, others | {FEATURES_FILE: "00" * 32}):
            gone = replace(stored, files=files)
            assert kept_dictionary(connection, gone, bundle.features) is None
