"""model.json, the hashes, and a pickle, which is opened only if its hash is right."""

import math
import os
import pickle
from hashlib import sha256
from pathlib import Path

import joblib
import pytest

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.model.loader import load
from tests.credit_scoring.damage import TABLES, UNREADABLE, refusal
from tests.credit_scoring.foreign_errors import FOREIGN
from tests.support.bundles.canary import Canary
from tests.support.bundles.cases import predict
from tests.support.bundles.folders import write_metadata

WRONG = "0" * 64  # a hash of no file


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
@pytest.mark.parametrize("name", [MODEL_FILE, REFERENCE_FILE, NEW_FILE, METADATA_FILE])
def test_an_unreadable_file_is_refused(folder, name):
    (folder / name).chmod(0)
    assert refusal(folder) == f"{name}: cannot be read: Permission denied"


class RaisingPickle:
    """A pickle that raises when it is opened."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self):
        return thrown, (self.error,)


def thrown(error: BaseException) -> None:
    raise error


class MuteError(Exception):
    """An error whose text raises."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_an_error_of_unpickling_is_a_refusal(folder, error):
    joblib.dump(RaisingPickle(error), folder / MODEL_FILE)
    assert refusal(folder) == f"{MODEL_FILE}: {UNREADABLE}{type(error).__name__}: why"


def test_an_error_without_a_text_is_a_refusal(folder):
    joblib.dump(RaisingPickle(MuteError()), folder / MODEL_FILE)
    assert refusal(folder).startswith(f"{MODEL_FILE}: {UNREADABLE}MuteError: ")


def test_an_error_is_told_in_short(folder):
    joblib.dump(RaisingPickle(RuntimeError("why\n" * 10_000)), folder / MODEL_FILE)
    assert len(refusal(folder)) < 200


@pytest.mark.parametrize("name", [MODEL_FILE, REFERENCE_FILE, NEW_FILE])
def test_one_flipped_bit_is_refused(lightgbm_folder, tmp_path, name):
    folder = lightgbm_folder.copy(tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    was, is_now = (sha256((at / name).read_bytes()).hexdigest() for at in (lightgbm_folder, folder))
    assert refusal(folder) == f"{name}: its SHA-256 is {is_now}, expected {was}"


def test_a_hash_may_be_in_upper_case(lightgbm_folder, tmp_path):
    folder = lightgbm_folder.copy(tmp_path)
    hashes = {
        name: sha256((folder / name).read_bytes()).hexdigest() for name in (MODEL_FILE, *TABLES)
    }
    write_metadata(folder, sha256={name: value.upper() for name, value in hashes.items()})
    assert load(folder.path, hashes[MODEL_FILE].upper()).sha256 == hashes
    (folder / METADATA_FILE).unlink()
    assert load(folder.path, hashes[MODEL_FILE]).sha256 == hashes


@pytest.fixture
def canary_file(folder, tmp_path) -> Path:
    """The file that the folder's model writes when it is opened."""
    file = tmp_path / "opened"
    (folder / MODEL_FILE).write_bytes(pickle.dumps(Canary(file)))
    return file


@pytest.mark.parametrize(
    ("setting", "metadata"), [(WRONG, None), (None, WRONG), (..., WRONG)],
    ids=["of the setting", "of model.json", "of model.json, right in the setting"],
)  # fmt: skip
def test_a_pickle_with_a_wrong_hash_is_not_opened(folder, canary_file, setting, metadata):
    right = sha256((folder / MODEL_FILE).read_bytes()).hexdigest()
    if metadata:
        write_metadata(folder, sha256={MODEL_FILE: metadata})
    problem = f"{MODEL_FILE}: its SHA-256 is {right}, expected {WRONG}"
    assert refusal(folder, right if setting is ... else setting) == problem
    assert not canary_file.exists()


def test_a_pickle_with_the_right_hash_is_opened(folder, canary_file):
    right = sha256((folder / MODEL_FILE).read_bytes()).hexdigest()
    write_metadata(folder)
    assert refusal(folder, right).startswith(f"{MODEL_FILE}: ")
    assert canary_file.exists()


# model.json


def test_without_model_json_the_threshold_is_the_default_and_is_logged(folder, caplog):
    (folder / METADATA_FILE).unlink()
    assert folder.load().threshold == 0.4
    assert caplog.messages == ["model.json: absent, the threshold is 0.40"]


@pytest.mark.parametrize("threshold", [0, 1, 0.0, 1.0, 0.25, 5e-324])
def test_the_threshold_of_model_json_decides(folder, threshold):
    write_metadata(folder, threshold=threshold, trained="2026-01-02")
    bundle = folder.load()
    assert bundle.threshold == threshold
    assert bundle.metadata["trained"] == "2026-01-02"
    for client_id in bundle.client_ids:
        prediction = predict(bundle, bundle.transformed_record(client_id))
        assert prediction.prediction == int(prediction.probability >= threshold)


def test_a_probability_equal_to_the_threshold_is_a_default(folder):
    bundle = folder.load()
    record = bundle.transformed_record(bundle.client_ids[3])
    probability = predict(bundle, record).probability
    for threshold, decision in [(probability, 1), (math.nextafter(probability, 1), 0)]:
        write_metadata(folder, threshold=threshold)
        assert predict(folder.load(), record).prediction == decision
