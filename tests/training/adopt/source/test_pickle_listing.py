"""Listing a pickle: complete for every protocol and compression, and without running it."""

import io
import os
import pickle

import joblib
import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from tests.training.adopt.team import default_of, team_pipeline, team_table, unfitted
from training.adopt.problems import NotAdopted
from training.adopt.source.model_source import ModelSource
from training.adopt.source.pickle_listing import list_pickle
from training.adopt.source.trust import check_trusted, describe_globals


class Attack:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


class _Recorder(joblib.numpy_pickle.NumpyUnpickler):
    """joblib's own reader, which notes what it looks up."""

    def __init__(self, content):
        file = io.BytesIO(content)
        super().__init__("model", file, ensure_native_byte_order=True)
        self.found = set()

    def find_class(self, module, name):
        self.found.add((module, name))
        return super().find_class(module, name)


def dumped(model, **options):
    file = io.BytesIO()
    joblib.dump(model, file, **options)
    return file.getvalue()


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_the_names_are_those_that_joblib_looks_up(compress):
    model = team_pipeline(team_table())
    recorder = _Recorder(dumped(model))
    recorder.load()
    listing = list_pickle("model.joblib", dumped(model, compress=compress))
    assert set(listing.names) == recorder.found


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_is_read(protocol):
    model = team_pipeline(team_table())
    names = list_pickle("model.pkl", pickle.dumps(model, protocol)).names
    assert ("sklearn.linear_model._logistic", "LogisticRegression") in names


def test_an_array_of_objects_is_a_pickle_of_its_own():
    table = team_table()
    boosting = unfitted(GradientBoostingClassifier(n_estimators=3))
    content = dumped(boosting.fit(table[[*boosting[0].transformers[0][2], "home"]],
                                  default_of(table)))  # fmt: skip
    names = list_pickle("model.joblib", content).names
    assert ("sklearn.tree._classes", "DecisionTreeRegressor") in names


def test_versions_of_scikit_learn_are_found():
    import sklearn

    model = team_pipeline(team_table())
    assert list_pickle("m", dumped(model)).sklearn_versions == {sklearn.__version__}
    other = dumped(model).replace(
        sklearn.__version__.encode(), b"1.2.2"[: len(sklearn.__version__)]
    )
    assert list_pickle("m", other).sklearn_versions == {"1.2.2"}


def test_nothing_is_run(tmp_path):
    content = pickle.dumps({"model": [Attack(tmp_path / "made")], "array": np.arange(3)})
    listing = list_pickle("model.pkl", content)
    assert ("posix", "mkdir") in listing.names
    assert not (tmp_path / "made").exists()
    pickle.loads(content)
    assert (tmp_path / "made").exists()  # the attack is one


def test_what_can_run_any_code_is_named_apart(tmp_path):
    content = pickle.dumps([Attack(tmp_path / "made"), np.float64(1), io.BytesIO()])
    source = ModelSource(tmp_path / "model.pkl", content, "", "pickle", {}, None)
    assert describe_globals(source, list_pickle("model.pkl", content)) == [
        "model.pkl is a pickle. Opening it calls what it names:",
        "  of known libraries (2): numpy._core.multiarray.scalar, numpy.dtype",
        "  of others (1): _io.BytesIO",
        "  can run any code (1): posix.mkdir",
    ]


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_cut_stream_is_refused(kept):
    content = pickle.dumps(team_pipeline(team_table()))
    with pytest.raises(NotAdopted, match="is no complete pickle"):
        list_pickle("model.pkl", content[: int(kept * len(content))])


def test_a_hash_that_is_not_the_files_is_refused(tmp_path):
    content = pickle.dumps(0)
    source = ModelSource(tmp_path / "m.pkl", content, "ab" * 32, "pickle", {}, None)
    listing = list_pickle("m.pkl", content)
    check_trusted(source, listing, False, "AB" * 32, "command")
    check_trusted(source, listing, True, None, "command")
    with pytest.raises(NotAdopted, match="not that of --sha256"):
        check_trusted(source, listing, False, "cd" * 32, "command")
    with pytest.raises(NotAdopted) as refused:
        check_trusted(source, listing, False, None, "command")
    assert refused.value.problems[0].endswith(f"if you trust it: command --sha256 {'ab' * 32}")
