"""Model files and modules that are added, changed and removed under a running server."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from credit_scoring.data.artifacts import MODEL_FILE, SKOPS_FILE
from tests.kinds.own_module import MODULE_FILE, add_module, add_skops, write_module
from tests.service.known_answers import agree, answers, known_answers
from tests.support.bundles.canary import put_canary
from tests.support.bundles.folders import metadata_of, put, write_metadata
from tests.support.servers.application import application
from tests.support.servers.forks import Forks
from tests.support.servers.server import SELDOM, Server, wait_for


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def health(server: Server, sha256: str, refused: str = "") -> dict[str, Any] | None:
    """The body of `/health`, if it says that this model is in use and why no newer one is."""
    found = server.ask_json("/health")
    reason = found.get("refused", "")
    is_it = (
        found["sha256"] == sha256 and reason.startswith(refused) and bool(reason) == bool(refused)
    )
    return found if is_it else None


# A model without code


@pytest.fixture
def pickle_server(
    restored_server: Server, served_folder: Path, small_bundle_folder: Path
) -> Iterator[Server]:
    yield restored_server
    (served_folder / SKOPS_FILE).unlink(missing_ok=True)
    put(small_bundle_folder, served_folder)
    own = metadata_of(small_bundle_folder)["sha256"][MODEL_FILE]
    wait_for(lambda: agree(restored_server, None, own), pause=SELDOM)


def test_the_pickle_gives_way_to_a_file_without_code_and_comes_back(
    pickle_server: Server, served_folder: Path
):
    known = known_answers(pickle_server)
    pickle = (served_folder / MODEL_FILE).read_bytes()
    sha256 = hashlib.sha256(pickle).hexdigest()
    loaded = pickle_server.said('"loaded ')
    add_skops(served_folder)
    wait_for(lambda: pickle_server.said('"loaded ') == loaded + 2, pause=SELDOM)  # by each worker
    assert pickle_server.ask_json("/model")["sha256"][MODEL_FILE] == sha256

    (served_folder / MODEL_FILE).unlink()
    other = sha256_of(served_folder / SKOPS_FILE)
    wait_for(lambda: pickle_server.said(f"{SKOPS_FILE} {other}") == 2, pause=SELDOM)
    wait_for(lambda: health(pickle_server, other), pause=SELDOM)
    model = pickle_server.ask_json("/model")
    assert model["sha256"][SKOPS_FILE] == other
    assert MODEL_FILE not in model["sha256"]
    same = uvloop.run(answers(pickle_server.port, list(known)))
    named = {
        message: body.replace(other.encode(), sha256.encode()) for message, body in same.items()
    }
    differing = [message for message in known if named[message] != known[message]]
    assert [message.split(b" ")[1] for message in differing] in ([], [b"/model"])

    (served_folder / MODEL_FILE).write_bytes(pickle)
    wait_for(lambda: agree_on(pickle_server, MODEL_FILE, sha256), pause=SELDOM)


def agree_on(server: Server, file: str, sha256: str) -> bool:
    workers = server.ask_json("/model")["workers"]
    return all(worker["sha256"].get(file) == sha256 for worker in workers)


def test_a_pickle_that_is_put_beside_it_is_not_opened(pickle_server: Server, served_folder: Path):
    add_skops(served_folder)
    (served_folder / MODEL_FILE).unlink()
    write_metadata(served_folder)
    sha256 = sha256_of(served_folder / SKOPS_FILE)
    wait_for(lambda: agree_on(pickle_server, SKOPS_FILE, sha256), pause=SELDOM)
    put_canary(served_folder)
    problem = f"{MODEL_FILE}: model.json has hashes of other files and none of this one"
    wait_for(lambda: health(pickle_server, sha256, problem), pause=SELDOM)
    assert not (served_folder.parent / "sang").exists()


def test_a_damaged_file_without_code_is_refused_by_its_name(
    pickle_server: Server, served_folder: Path
):
    add_skops(served_folder)
    (served_folder / MODEL_FILE).unlink()
    write_metadata(served_folder)
    sha256 = sha256_of(served_folder / SKOPS_FILE)
    wait_for(lambda: agree_on(pickle_server, SKOPS_FILE, sha256), pause=SELDOM)
    content = bytearray((served_folder / SKOPS_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (served_folder / SKOPS_FILE).write_bytes(content)
    wait_for(lambda: health(pickle_server, sha256, f"{SKOPS_FILE}: its SHA-256 is "), pause=SELDOM)


@pytest.mark.parametrize("opened", [MODEL_FILE, SKOPS_FILE])
def test_the_setting_is_the_hash_of_the_file_that_is_opened(
    small_bundle_folder: Path, tmp_path: Path, forks: Forks, opened: str
):
    folder = Path(shutil.copytree(small_bundle_folder, tmp_path / "ressources"))
    add_skops(folder)
    kept = {name: (folder / name).read_bytes() for name in (MODEL_FILE, SKOPS_FILE)}
    if opened == SKOPS_FILE:
        (folder / MODEL_FILE).unlink()
    sha256 = sha256_of(folder / opened)
    with Server(folder, workers=1, begin=forks.begin, MODEL_SHA256=sha256) as server:
        assert health(server, sha256)
        if opened == SKOPS_FILE:
            (folder / MODEL_FILE).write_bytes(kept[MODEL_FILE])
        else:
            (folder / MODEL_FILE).unlink()
        (other,) = kept.keys() - {opened}
        problem = f"{other}: its SHA-256 is {sha256_of(folder / other)}, expected {sha256}"
        wait_for(lambda: health(server, sha256, problem), pause=SELDOM)


# Modules


@pytest.fixture(scope="module")
def module_folder(small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("module") / "ressources"
    shutil.copytree(small_bundle_folder, folder)
    add_module(folder)
    return folder


@pytest.fixture(scope="module")
def module_server(module_folder: Path, forks: Forks) -> Iterator[Server]:
    with Server(module_folder, workers=1, begin=forks.begin) as server:
        yield server


def score(server: Server) -> float:
    """The probability of the first client."""
    (client, *_) = server.ask_json("/get_ids")["data"]
    return server.ask_json("/score", f'{{"client":{client}}}'.encode())["probability"]


def modules(server: Server) -> str:
    return server.ask_json("/model")["sha256"][MODULE_FILE]


def test_a_changed_module_comes_into_use(module_server: Server, module_folder: Path):
    before = score(module_server)
    for shift in (0.75, 0):
        write_module(module_folder, shift)
        sha256 = sha256_of(module_folder / MODULE_FILE)
        wait_for(lambda: modules(module_server) == sha256, pause=SELDOM)  # noqa: B023
        assert (score(module_server) == before) is (shift == 0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("1 / 0", f"{MODULE_FILE}: cannot be imported: ZeroDivisionError: division by zero"),
        (
            "class Another: 1",
            f"{MODEL_FILE}: needs Shifted, which {MODULE_FILE} beside it does not",
        ),
        (None, f"{MODEL_FILE}: needs "),
    ],
)
def test_a_module_that_cannot_be_used_changes_nothing(
    module_server: Server, module_folder: Path, content: str | None, problem: str
):
    before, sha256 = score(module_server), sha256_of(module_folder / MODEL_FILE)
    kept = (module_folder / MODULE_FILE).read_bytes()
    if content is None:
        (module_folder / MODULE_FILE).unlink()
    else:
        (module_folder / MODULE_FILE).write_text(content)
    wait_for(lambda: health(module_server, sha256, problem), pause=SELDOM)
    assert score(module_server) == before
    (module_folder / MODULE_FILE).write_bytes(kept)
    wait_for(lambda: health(module_server, sha256), pause=SELDOM)


def test_a_module_that_fails_when_it_is_asked_is_refused(
    module_server: Server, module_folder: Path
):
    """It can be imported, and is found out before it is in use."""
    sha256 = sha256_of(module_folder / MODEL_FILE)
    kept = (module_folder / MODULE_FILE).read_text()
    failing = kept.replace("return rows + SHIFT", "return rows[:, :2] + SHIFT")
    (module_folder / MODULE_FILE).write_text(failing)
    wait_for(lambda: health(module_server, sha256, f"{MODEL_FILE}: its transformer "), pause=SELDOM)
    (module_folder / MODULE_FILE).write_text(kept)
    wait_for(lambda: health(module_server, sha256), pause=SELDOM)


def test_the_hash_of_a_module_is_compared(module_server: Server, module_folder: Path):
    write_metadata(module_folder)
    sha256 = sha256_of(module_folder / MODEL_FILE)
    loaded = module_server.said('"loaded ')
    wait_for(lambda: module_server.said('"loaded ') == loaded + 1, pause=SELDOM)
    write_module(module_folder, 0.5)
    wait_for(lambda: health(module_server, sha256, f"{MODULE_FILE}: its SHA-256 is "), pause=SELDOM)
    write_module(module_folder, 0)
    wait_for(lambda: health(module_server, sha256), pause=SELDOM)
    write_metadata(module_folder, sha256={})


def test_packages_are_not_watched(small_bundle_folder: Path, tmp_path: Path):
    """They are installed at a start: a new list of them changes nothing before the next one."""
    path = Path(shutil.copytree(small_bundle_folder, tmp_path / "ressources"))
    folder = application(ressources_dir=path).service.folder
    started_with = folder.current
    (path / "requirements.txt").write_text("xgboost-cpu==3.2.0\n")
    folder.look()
    folder.look()
    assert folder.current is started_with
    (path / MODULE_FILE).write_text("")  # the model may import it, for all that is known
    folder.look()
    folder.look()
    assert folder.current is not started_with
