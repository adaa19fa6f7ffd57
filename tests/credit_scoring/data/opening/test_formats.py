"""Files of other formats named model.joblib: each is recognised, and the next step is said."""

import gzip
import io
import json
import pickle
import zipfile

import joblib
import numpy as np
import pytest
from lightgbm import LGBMClassifier

from credit_scoring.data.opening.formats import AGAIN, HEAD, format_of

ROWS, OUTCOME = np.random.default_rng(1).random((60, 2)), np.arange(60) % 2


def name_of(content: bytes) -> str | None:
    found = format_of(content[:HEAD], content)
    return found and found.name


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        for name in names:
            zipped.writestr(name, "")
    return content.getvalue()


FORMATS = {
    "an empty file": b"",
    "a pointer of Git LFS, not the model itself": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    ),
    "a web page, as a download that went wrong leaves": b"\n<!DOCTYPE html>\n<html><head>",
    "an XML text, perhaps PMML": b'<?xml version="1.0"?><PMML version="4.4">',
    "an HDF5 file, such as Keras writes": b"\x89HDF\r\n\x1a\n" + bytes(500),
    "an ONNX model": b"\x08\x08\x12\x07skl2onnx\x1a\x061.17.0",
    "a Parquet table": b"PAR1\x15\x04\x15",
    "an R object (.rds)": b"X\n\x00\x00\x00\x03\x00\x04",
    "a PyTorch file": archive("archive/data.pkl", "archive/version"),
    "a Keras model": archive("metadata.json", "config.json", "model.weights.h5"),
    "a skops file": archive("schema.json", "0.npy"),
    "an archive of NumPy arrays (.npz)": archive("weights.npy"),
    "a zip archive": archive("model.joblib"),
    "a zip archive whose end is missing": archive("model.joblib")[:40],
    "a text, perhaps a CSV table": "SK_ID_CURR,Âge\r\n1,2\r\n".encode(),
    "a text, not a model": b"a note that is long: " + "é".encode() * HEAD,
    "a JSON text of no model that is known here": b'{"threshold": 0.4}',
    "a CatBoost model in JSON": b'{"features_info":{"float_features":[]},"oblivious_trees":[]}',
    "an XGBoost model in the binary format that XGBoost 3.1 dropped": b"binf\x00\x00\x00\x3f",
    "compressed by LZ4": b"\x04\x22\x4d\x18" + bytes(20),
    "a tar archive": bytes(257) + b"ustar\x0000" + bytes(200),
}


@pytest.mark.parametrize(("name", "content"), FORMATS.items(), ids=FORMATS)
def test_a_format_is_recognised_by_its_first_bytes(name: str, content: bytes):
    assert name_of(content) == name


def test_every_format_has_a_next_step():
    for content in FORMATS.values():
        assert len(format_of(content[:HEAD], content).next_step) > 5


def test_a_model_of_lightgbm_is_recognised():
    booster = LGBMClassifier(n_estimators=1, verbose=-1).fit(ROWS, OUTCOME).booster_
    assert name_of(booster.model_to_string().encode()) == "a LightGBM model in text (.txt)"


@pytest.mark.parametrize(
    ("suffix", "name"), [("ubj", "an XGBoost model in UBJSON (.ubj)"),
                         ("json", "an XGBoost model in JSON (.json)")],
)  # fmt: skip
def test_a_model_of_xgboost_is_recognised(tmp_path, suffix: str, name: str):
    xgboost = pytest.importorskip("xgboost")
    path = tmp_path / f"model.{suffix}"
    xgboost.XGBClassifier(n_estimators=1).fit(ROWS, OUTCOME).save_model(path)
    assert name_of(path.read_bytes()) == name


@pytest.mark.parametrize(
    ("suffix", "name"), [("cbm", "a CatBoost model (.cbm)"), ("json", "a CatBoost model in JSON")]
)
def test_a_model_of_catboost_is_recognised(tmp_path, suffix: str, name: str):
    catboost = pytest.importorskip("catboost")
    path = tmp_path / f"model.{suffix}"
    model = catboost.CatBoostClassifier(iterations=1, verbose=0, allow_writing_files=False)
    model.fit(ROWS, OUTCOME).save_model(str(path), format=suffix)
    assert name_of(path.read_bytes()) == name


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_none_of_them(protocol: int):
    """One of protocol 0 is a text."""
    assert name_of(pickle.dumps(LGBMClassifier(), protocol)) is None


@pytest.mark.parametrize(
    "compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)]
)
def test_a_file_of_joblib_is_none_of_them(compress):
    content = io.BytesIO()
    joblib.dump({"rows": ROWS}, content, compress)
    assert name_of(content.getvalue()) is None


def test_random_bytes_are_of_no_known_format():
    random = np.random.default_rng(1)
    found = [name_of(random.bytes(10_000)) for _ in range(300)]
    assert found == [None] * 300


def test_a_damaged_download_is_to_be_made_again():
    page = b"<html><body>404</body></html>"
    assert format_of(page, page).next_step == AGAIN
    assert name_of(gzip.compress(page)) is None  # told once it is decompressed
    assert name_of(json.dumps([1]).encode()) is not None
