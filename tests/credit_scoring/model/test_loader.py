"""Files that contradict each other are refused with one line that names the file."""

import sys
import threading

import pytest
from sklearn.ensemble import (
    RandomForestClassifier,
)
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from credit_scoring.data.artifacts import (
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    TARGET,
)
from tests.credit_scoring.damage import (
    IS_FOLDER,
    REFUSED,
    TABLES,
    Damage,
    a_folder,
    beyond_doubles,
    both,
    cell,
    changed,
    facts,
    fitted,
    holding,
    model_of,
    refusal,
    without,
)
from tests.support.bundles.artefacts import (
    NUMBERS,
    PLAIN,
    Folder,
    lightgbm,
)

NO_CLASS = f"{REFERENCE_FILE}: column {TARGET}: row 4 is neither 0 nor 1"
LACKS_INPUT = f"{REFERENCE_FILE}: lacks columns that {MODEL_FILE} needs: "
NO_JSON = f"{METADATA_FILE}: is not JSON: "
NO_THRESHOLD = f"{METADATA_FILE}: threshold is not a probability"
NO_HASHES = f"{METADATA_FILE}: sha256 is not an object of file names and hashes"

AT_ODDS: dict[str, tuple[Damage, str]] = {
    "no class": (without(REFERENCE_FILE, TARGET), f"{REFERENCE_FILE}: lacks the column {TARGET}"),
    "class 2": (cell(REFERENCE_FILE, 4, TARGET, "2"), NO_CLASS),
    "class -1": (cell(REFERENCE_FILE, 4, TARGET, "-1"), NO_CLASS),
    "class 0.5": (cell(REFERENCE_FILE, 4, TARGET, "0.5"), NO_CLASS),
    "class missing": (cell(REFERENCE_FILE, 4, TARGET, ""), NO_CLASS),
    "class infinite": (cell(REFERENCE_FILE, 4, TARGET, "inf"), NO_CLASS),
    "class in words": (cell(REFERENCE_FILE, 4, TARGET, "secret"), NO_CLASS),
    "new clients lack a feature": (
        without(NEW_FILE, "DAYS_BIRTH"),
        f"{NEW_FILE}: lacks features of {REFERENCE_FILE}: DAYS_BIRTH",
    ),
    "new clients lack many": (
        both(*(without(NEW_FILE, name) for name in NUMBERS[:7])),
        f"{NEW_FILE}: lacks features of {REFERENCE_FILE}: {', '.join(NUMBERS[:5])} and 2 more",
    ),
    "both lack an input": (
        both(without(NEW_FILE, "DAYS_BIRTH"), without(REFERENCE_FILE, "DAYS_BIRTH")),
        LACKS_INPUT + "DAYS_BIRTH",
    ),
    "only the reference lacks an input": (
        without(REFERENCE_FILE, "DAYS_BIRTH"),
        LACKS_INPUT + "DAYS_BIRTH",
    ),
    "an input by another name": (
        both(*(changed(name, lambda text: text.replace(b"AMT_", b"amt_")) for name in TABLES)),
        LACKS_INPUT + "AMT_CREDIT",
    ),
    "text in both tables": (
        both(*(cell(name, 4, "AMT_CREDIT", "secret") for name in TABLES)),
        f"{REFERENCE_FILE}: column AMT_CREDIT: row 4 is not a number, and the model takes numbers",
    ),
    "transformer not fitted": (
        model_of(lambda known: (StandardScaler(), lightgbm().fit(known[PLAIN], known[TARGET]))),
        f"{REFUSED} (NotFittedError); its text columns: none",
    ),
    "infinite after the transformer": (
        fitted(RandomForestClassifier(2), FunctionTransformer(beyond_doubles)),
        f"{NEW_FILE}: infinite or too large values in AMT_CREDIT",
    ),
    "beyond what the classifier takes": (
        both(fitted(RandomForestClassifier(2)), cell(NEW_FILE, 2, "AMT_CREDIT", "-1e300")),
        f"{NEW_FILE}: infinite or too large values in AMT_CREDIT",
    ),
    "model.json a folder": (a_folder(METADATA_FILE), f"{METADATA_FILE}: {IS_FOLDER}"),
    "model.json empty": (
        holding(METADATA_FILE, b""),
        NO_JSON + "Input is a zero-length, empty document: line 1 column 1 (char 0)",
    ),
    "model.json cut": (
        holding(METADATA_FILE, b'{"threshold": 0.4'),
        NO_JSON + "unexpected end of data: line 1 column 18 (char 17)",
    ),
    "model.json a list": (
        holding(METADATA_FILE, b"[0.4]"),
        f"{METADATA_FILE}: is not a JSON object",
    ),
    "model.json null": (holding(METADATA_FILE, b"null"), f"{METADATA_FILE}: is not a JSON object"),
    "threshold NaN": (
        holding(METADATA_FILE, b'{"threshold": NaN}'),
        NO_JSON + "unexpected character, expected a JSON value: line 1 column 15 (char 14)",
    ),
    "threshold null": (facts(threshold=None), NO_THRESHOLD),
    "threshold in words": (facts(threshold="0.4"), NO_THRESHOLD),
    "threshold true": (facts(threshold=True), NO_THRESHOLD),
    "threshold above one": (facts(threshold=1.5), NO_THRESHOLD),
    "threshold below zero": (facts(threshold=-0.1), NO_THRESHOLD),
    "hashes null": (facts(sha256=None), NO_HASHES),
    "hashes in words": (facts(sha256="0" * 64), NO_HASHES),
    "a hash null": (facts(sha256={MODEL_FILE: None}), NO_HASHES),
    "a hash a number": (facts(sha256={MODEL_FILE: 0}), NO_HASHES),
}


@pytest.mark.parametrize(("damage", "problem"), AT_ODDS.values(), ids=AT_ODDS)
def test_files_at_odds_are_refused(folder, damage, problem):
    damage(folder)
    assert refusal(folder) == problem


def test_both_threads_that_load_have_the_profile_function_of_the_first(unquoted_folder: Folder):
    seen = set()

    def profile(frame, _event, _argument):
        seen.add((threading.get_ident(), frame.f_code.co_name))

    sys.setprofile(profile)
    try:
        unquoted_folder.load()
    finally:
        sys.setprofile(None)

    (second,) = {thread for thread, name in seen if name == "read_new"}
    assert {thread for thread, name in seen if name == "read_reference"} == {threading.get_ident()}
    assert second != threading.get_ident()
