"""Pickles that cannot be opened: the line names the cause and the next step."""

import bz2
import gzip
import io
import lzma
import pickle
import struct
import sys
import zlib
from importlib.abc import MetaPathFinder
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.model_file import read_model
from credit_scoring.data.opening.unpickling_faults import (
    ANOTHER_VERSION,
    DAMAGED,
    ENDS_EARLY,
    OTHER_CODE,
    OTHER_LIBRARY,
    PYTHON_2,
)
from credit_scoring.errors import BadFile

BESIDE = "requirements.txt beside the model"


def refusal(folder: Path, content: bytes) -> str:
    (folder / MODEL_FILE).write_bytes(content)
    with pytest.raises(BadFile) as refused:
        read_model(folder, {})
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    return message.removeprefix(f"{MODEL_FILE}: ")


def naming(module: str, name: str) -> bytes:
    """A pickle of a class or function by its name alone."""
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    return b"\x80\x04" + texts + b"\x93."


def array(compress: object) -> bytes:
    content = io.BytesIO()
    joblib.dump({"rows": np.random.default_rng(1).random(999)}, content, compress)
    return content.getvalue()


CODE = (
    b"ctypes\nCodeType\n(" + b"I0\n" * 6 + b"C\x00)))X\x01\x00\x00\x00aI7\nI3\nC\x00C\x00C\x00))tR."
)
FAULTS: dict[str, tuple[bytes, str]] = {
    "one byte short": (pickle.dumps({"a": 1})[:-1], ENDS_EARLY),
    "half": (pickle.dumps({"a": 1})[:8], ENDS_EARLY),
    "half of an array": (array(0)[:4000], ENDS_EARLY),
    "half of zlib": (array(3)[:4000], ENDS_EARLY),
    "half of gzip": (array(("gzip", 3))[:4000], ENDS_EARLY),
    "damaged zlib": (b"\x78\x9c" + b"\xff" * 50, DAMAGED),
    "damaged bz2": (b"BZh9" + b"\xff" * 50, DAMAGED),
    "damaged xz": (b"\xfd7zXZ\x00" + b"\xff" * 50, DAMAGED),
    "a text, compressed": (
        gzip.compress(b"SK_ID_CURR,TARGET\n1,0\n"),
        "is a text, perhaps a CSV table: put the model's file in its place",
    ),
    "random": (
        np.random.default_rng(1).bytes(9_999),
        "is neither a pickle nor of a format that is known here: copy or download it again",
    ),
    "code of another Python": (CODE, OTHER_CODE),
    "a string of Python 2": (b"\x80\x02U\x02\xc3\xa9.", PYTHON_2),
    "a renamed module of scikit-learn": (
        naming("sklearn.linear_model.logistic", "LogisticRegression"),
        "needs sklearn.linear_model.logistic.LogisticRegression, which scikit-learn"
        f" {sklearn.__version__} does not have: {ANOTHER_VERSION}",
    ),
    "a class that scikit-learn lacks": (
        naming("sklearn.svm", "Gone"),
        f"needs sklearn.svm.Gone, which scikit-learn {sklearn.__version__} does not have:"
        f" {ANOTHER_VERSION}",
    ),
    "a class of a notebook": (
        naming("__main__", "BinEncoder"),
        "needs BinEncoder, which a script or notebook defined: put its code into __main__.py beside"
        " the model",
    ),
    "a class of a team's module": (
        naming("features.encoders", "BinEncoder"),
        "needs BinEncoder of module features.encoders, which is not installed: if it is your own,"
        " put features/encoders.py beside the model; if it is a package's, add that to"
        f" {BESIDE}",
    ),
    "a class of a module called main": (
        naming("main", "BinEncoder"),
        "needs BinEncoder of module main, a name that is taken here: rename your module, and write"
        " the model again",
    ),
}


@pytest.mark.parametrize(("content", "problem"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_unpickling_is_told_in_words(tmp_path: Path, content: bytes, problem: str):
    assert refusal(tmp_path, content) == problem


def test_every_compression_of_joblib_is_opened(tmp_path: Path):
    pickled = pickle.dumps({"a": 1})
    for compressed in (zlib.compress(pickled), gzip.compress(pickled), bz2.compress(pickled),
                       lzma.compress(pickled), pickled):  # fmt: skip
        (tmp_path / MODEL_FILE).write_bytes(compressed)
        assert read_model(tmp_path, {}).model == {"a": 1}


def uninstall(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """Let imports of a library fail as if it were not installed."""

    class Absent(MetaPathFinder):
        def find_spec(self, fullname, path=None, target=None):
            if fullname == library:
                raise ModuleNotFoundError(f"No module named {library!r}", name=library)

    for loaded in [name for name in sys.modules if f"{name}.".startswith(f"{library}.")]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("xgboost.sklearn", "needs xgboost 3.2: add xgboost-cpu==3.2.0 to " + BESIDE),
        ("catboost.core", "needs catboost 1.2: add catboost==1.2.10 to " + BESIDE),
        ("imblearn.pipeline", "needs imblearn 0.14: add imbalanced-learn==0.14.2 to " + BESIDE),
        ("optbinning", "needs optbinning 0.21: add optbinning==0.21.0 to " + BESIDE),
    ],
)
def test_a_missing_library_is_named_with_its_release(monkeypatch, tmp_path, module: str, line: str):
    uninstall(monkeypatch, module.partition(".")[0])
    assert refusal(tmp_path, naming(module, "Model")) == line


def test_a_missing_library_is_named_with_the_version_that_wrote_the_file(monkeypatch, tmp_path):
    uninstall(monkeypatch, "xgboost")
    version = b"version[#L" + bytes(7) + b"\x03i\x02i\x01i\x04"
    text = b"C" + bytes([len(version)]) + version + b"0"  # pushed, then popped
    pickled = b"\x80\x04" + text + naming("xgboost", "XGBClassifier")[2:]
    expected = "needs xgboost 3.2 (its version 2.1.4 wrote the file): add xgboost-cpu==3.2.0 to "
    assert refusal(tmp_path, pickled) == expected + BESIDE
    assert refusal(tmp_path, zlib.compress(pickled)) == expected + BESIDE


def test_a_tree_of_unknown_layout_is_told_in_words(tmp_path: Path):
    """A tree of a later scikit-learn may have fields that this one lacks."""
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=1).fit([[0.0], [1.0]], [0, 1]).tree_
    kind, arguments, state = tree.__reduce__()
    state["nodes"] = np.zeros(3, [("missing_go_to_left", "u1"), ("left_child", "<i4")])

    class Later:
        def __reduce__(self):
            return kind, arguments, state

    assert refusal(tmp_path, pickle.dumps(Later())) == OTHER_LIBRARY


def test_no_content_of_a_file_is_told(tmp_path: Path):
    secret = b"SECRET 4711"
    for content in (secret * 99, b"\x80\x04" + secret, struct.pack("<B", 0xF0) + secret * 9):
        assert "SECRET" not in refusal(tmp_path, content)
        assert "4711" not in refusal(tmp_path, content)
