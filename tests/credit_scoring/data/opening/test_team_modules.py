"""Modules of the model's makers: found beside the model, hashed, and kept apart."""

import hashlib
import os
import pickle
import sys
from pathlib import Path
from types import ModuleType

import pytest

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE
from credit_scoring.data.model_file import ModelFile, read_model
from credit_scoring.errors import BadFile

ENCODER = "class Encoder:\n    scale = {scale}\n    def transform(self, x): return x * {scale}\n"


def instance(module: str, name: str = "Encoder") -> bytes:
    """A pickle of an instance of a class that is not imported here."""
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    return b"\x80\x04" + texts + b"\x93)R."


def put(folder: Path, model: bytes, **modules: str) -> Path:
    (folder / MODEL_FILE).write_bytes(model)
    for name, text in modules.items():
        file = folder / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def sha256(folder: Path, name: str) -> str:
    return hashlib.sha256((folder / name).read_bytes()).hexdigest()


def refusal(folder: Path, hashes: dict[str, str] | None = None) -> str:
    with pytest.raises(BadFile) as refused:
        read_model(folder, hashes or {})
    return str(refused.value)


def test_a_class_comes_from_the_file_of_its_module(tmp_path: Path):
    put(tmp_path, instance("preprocessing"), preprocessing=ENCODER.format(scale=3))
    file = read_model(tmp_path, {})
    assert file.model.transform(5) == 15
    assert file.modules == {"preprocessing.py": sha256(tmp_path, "preprocessing.py")}


def test_modules_beside_each_other_import_each_other(tmp_path: Path):
    text = "from __future__ import annotations\nfrom dataclasses import dataclass\nimport scales\n"
    text += "@dataclass\nclass Encoder:\n    scale: float = scales.SCALE\n"
    put(tmp_path, instance("encoders"), encoders=text, scales="SCALE = 7", unused="1 / 0")
    file = read_model(tmp_path, {})
    assert file.model.scale == 7
    assert file.modules.keys() == {"encoders.py", "scales.py"}


def test_a_module_of_a_package_comes_from_its_subfolder(tmp_path: Path):
    modules = {
        "features.encoders": "from .base import Encoder",
        "features.base": "class Encoder: 1",
    }
    put(tmp_path, instance("features.encoders"), **modules)
    file = read_model(tmp_path, {})
    assert type(file.model).__module__ == "features.base"
    assert file.modules.keys() == {"features/encoders.py", "features/base.py"}


def test_packages_in_packages_need_no_code_of_their_own(tmp_path: Path):
    module = "src.features.encoders"
    put(tmp_path, instance(module), **{module: ENCODER.format(scale=5)})
    file = read_model(tmp_path, {})
    assert (file.model.scale, list(file.modules)) == (5, ["src/features/encoders.py"])


def test_a_package_may_have_code_of_its_own(tmp_path: Path):
    put(tmp_path, instance("features"), **{"features.__init__": ENCODER.format(scale=2)})
    file = read_model(tmp_path, {})
    assert (file.model.scale, list(file.modules)) == (2, ["features/__init__.py"])


def test_a_class_of_a_notebook_comes_from_main_whose_script_part_does_not_run(tmp_path: Path):
    text = ENCODER.format(scale=4) + "\nif __name__ == '__main__':\n    raise SystemExit(1)\n"
    put(tmp_path, instance("__main__"), __main__=text)
    main = sys.modules["__main__"]
    file = read_model(tmp_path, {})
    assert (file.model.scale, list(file.modules)) == (4, ["__main__.py"])
    assert sys.modules["__main__"] is main


def test_nothing_of_the_interpreter_is_changed(tmp_path: Path):
    text = "import scales\n" + ENCODER.format(scale=1)
    put(tmp_path, instance("preprocessing"), preprocessing=text, scales="")
    before = (list(sys.path), list(sys.meta_path), set(sys.modules))
    read_model(tmp_path, {})
    assert (sys.path, sys.meta_path, set(sys.modules)) == before
    assert not (tmp_path / "__pycache__").exists()


def test_nothing_of_the_interpreter_is_changed_by_a_refused_module(tmp_path: Path):
    put(tmp_path, instance("preprocessing"), preprocessing="import scales\n1 / 0", scales="")
    before = (list(sys.path), list(sys.meta_path), set(sys.modules))
    assert refusal(tmp_path) == (
        "preprocessing.py: cannot be imported: ZeroDivisionError: division by zero"
    )
    assert (sys.path, sys.meta_path, set(sys.modules)) == before


def test_a_changed_module_makes_a_class_of_its_own_beside_the_old_one(tmp_path: Path):
    """Two bundles are alive while one replaces the other. The times of writing are equal."""
    models: list[ModelFile] = []
    for scale in (2, 3):
        put(tmp_path, instance("preprocessing"), preprocessing=ENCODER.format(scale=scale))
        os.utime(tmp_path / "preprocessing.py", (0, 0))
        models.append(read_model(tmp_path, {}))
    old, new = models
    assert (old.model.transform(1), new.model.transform(1)) == (2, 3)
    assert old.modules != new.modules


def test_folders_have_modules_of_the_same_name(tmp_path: Path):
    for scale in (2, 3):
        (tmp_path / str(scale)).mkdir()
        text = "import scales\nclass Encoder:\n    scale = scales.SCALE\n"
        put(tmp_path / str(scale), instance("preprocessing"), preprocessing=text,
            scales=f"SCALE = {scale}")  # fmt: skip
    scales = [read_model(tmp_path / name, {}).model.scale for name in ("2", "3", "2")]
    assert scales == [2, 3, 2]


def test_an_installed_module_is_not_replaced(tmp_path: Path):
    put(tmp_path, instance("fractions", "Fraction"), fractions="raise SystemExit", sklearn="1 / 0")
    file = read_model(tmp_path, {})
    assert (file.model, file.modules) == (0, {})


@pytest.mark.parametrize("module", ["fractions", "training", "main"])
def test_a_class_of_a_taken_name_is_refused(tmp_path: Path, module: str):
    put(tmp_path, instance(module), **{module: ENCODER.format(scale=1)})
    assert refusal(tmp_path) == (
        f"{MODEL_FILE}: needs Encoder of module {module}, a name that is taken here: rename your"
        " module, and write the model again"
    )


@pytest.mark.parametrize("module", ["preprocessing", "__main__", "features.encoders"])
def test_a_class_that_its_file_lacks_is_refused(tmp_path: Path, module: str):
    put(tmp_path, instance(module), **{module: "class Another: 1"})
    path = module.replace(".", "/")
    assert refusal(tmp_path) == (
        f"{MODEL_FILE}: needs Encoder, which {path}.py beside it does not define"
    )


def test_a_module_that_needs_a_package_is_refused(tmp_path: Path):
    put(tmp_path, instance("preprocessing"), preprocessing="import nowhere.at_all")
    assert refusal(tmp_path) == (
        "preprocessing.py: imports nowhere, which is not installed: add it to requirements.txt"
        " beside it"
    )


def test_a_module_of_another_language_is_refused(tmp_path: Path):
    put(tmp_path, instance("preprocessing"), preprocessing="print 'Python 2'")
    assert refusal(tmp_path).startswith("preprocessing.py: is not Python 3.11: SyntaxError: ")


# Hashes


def test_a_module_has_the_hash_of_model_json(tmp_path: Path):
    put(tmp_path, instance("preprocessing"), preprocessing=ENCODER.format(scale=1))
    hashes = {name: sha256(tmp_path, name) for name in (MODEL_FILE, "preprocessing.py")}
    assert read_model(tmp_path, hashes).modules.items() <= hashes.items()


def test_a_module_of_another_hash_is_not_run(tmp_path: Path):
    put(tmp_path, instance("preprocessing"), preprocessing=f"open({str(tmp_path / 'ran')!r}, 'w')")
    found, wrong = sha256(tmp_path, "preprocessing.py"), "0" * 64
    assert refusal(tmp_path, {"preprocessing.py": wrong}) == (
        f"preprocessing.py: its SHA-256 is {found}, expected {wrong}"
    )
    assert not (tmp_path / "ran").exists()


def test_a_module_that_model_json_does_not_list_is_not_run(tmp_path: Path):
    put(tmp_path, instance("preprocessing"), preprocessing=f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert refusal(tmp_path, {MODEL_FILE: sha256(tmp_path, MODEL_FILE)}) == (
        f"preprocessing.py: {METADATA_FILE} has hashes of other files and none of this one"
    )
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_module_that_cannot_be_read_is_refused(tmp_path: Path):
    put(tmp_path, instance("preprocessing"), preprocessing="")
    (tmp_path / "preprocessing.py").chmod(0)
    assert refusal(tmp_path) == "preprocessing.py: cannot be read: Permission denied"


def test_a_class_of_the_running_program_needs_no_file(tmp_path: Path, monkeypatch):
    """A script that calls `load` may have defined it."""
    main = ModuleType("__main__")
    main.Encoder = type("Encoder", (), {"__module__": "__main__"})
    monkeypatch.setitem(sys.modules, "__main__", main)
    put(tmp_path, pickle.dumps(main.Encoder()))
    assert type(read_model(tmp_path, {}).model) is main.Encoder
