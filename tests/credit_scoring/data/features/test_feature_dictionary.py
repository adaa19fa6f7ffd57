"""`features.csv`: the feature dictionary that is read from it, and its refusals."""

import hashlib
import logging
from pathlib import Path

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from credit_scoring.data.artifacts import FEATURES_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.errors import BadFile
from main import Application, create_app
from service.served_bundle import ServedBundle
from service.settings import Settings
from tests.support.bundles.artefacts import AWKWARD, NUMBERS, TEXTS, Folder, lightgbm, make_folder
from tests.support.bundles.folders import write_metadata
from tests.support.bundles.recipes import MIXED, encoded
from tests.support.servers.inprocess import client_of

PRODUCT, RATIO, SUM = AWKWARD[1], AWKWARD[0], "a:b, {c} [d]"
HEADER = (
    "name,label,unit,group,formula,depends,change,protected,reason_high,reason_low,reason_missing"
)
QUOTED = f"`{PRODUCT}`"


def consistent(frame):
    """PRODUCT = AMT_CREDIT * OWN_CAR_AGE, RATIO = PRODUCT / DAYS_BIRTH."""
    product = frame["AMT_CREDIT"] * frame["OWN_CAR_AGE"]
    return frame.assign(**{PRODUCT: product, RATIO: product / frame["DAYS_BIRTH"]})


@pytest.fixture(scope="module")
def formula_folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path = tmp_path_factory.mktemp("formulas") / "ressources"
    return make_folder(path, make_pipeline(SimpleImputer(), lightgbm()), NUMBERS, consistent)


@pytest.fixture
def folder(formula_folder: Folder, tmp_path: Path) -> Folder:
    return formula_folder.copy(tmp_path)


def write(folder: Folder, *rows: str, header: str = HEADER) -> None:
    (folder / FEATURES_FILE).write_text("\n".join([header, *rows, ""]), encoding="utf-8")


FORMULAS = (
    f"{RATIO},,,,{QUOTED} / DAYS_BIRTH,,,,,,",
    f"{PRODUCT},,,,AMT_CREDIT * OWN_CAR_AGE,,,,,,",
)


def test_without_the_file_features_are_known_by_their_names(folder: Folder):
    dictionary = folder.load().dictionary
    assert list(dictionary.features.values()) == [Feature(name, name, "", name) for name in NUMBERS]
    assert dictionary.formulas == {}


def test_columns_of_the_file_are_fields_of_a_feature(
    folder: Folder, caplog: pytest.LogCaptureFixture
):
    write(
        folder,
        "DAYS_BIRTH,Age,days,Who,,,none,1,,,",
        'AMT_CREDIT,"Amount, of the loan",€,Loan,,,down,0,Large,Small,Unknown',
        "OWN_CAR_AGE,Car,,,, AMT_CREDIT ; DAYS_BIRTH,any,,,,",
    )
    with caplog.at_level(logging.WARNING):
        bundle = folder.load()
    features = bundle.dictionary.features
    assert list(features) == NUMBERS
    assert features["AMT_CREDIT"] == Feature(
        "AMT_CREDIT", "Amount, of the loan", "€", "Loan", "", (), "down", False,
        "Large", "Small", "Unknown",
    )  # fmt: skip
    assert features["OWN_CAR_AGE"] == Feature(
        "OWN_CAR_AGE", "Car", "", "Car", "", ("AMT_CREDIT", "DAYS_BIRTH"), "any"
    )
    assert features["DAYS_BIRTH"] == Feature("DAYS_BIRTH", "Age", "days", "Who", protected=True)
    assert features[SUM] == Feature(SUM, SUM, "", SUM)
    sha256 = hashlib.sha256((folder / FEATURES_FILE).read_bytes()).hexdigest()
    assert bundle.sha256[FEATURES_FILE] == sha256
    assert [record.message for record in caplog.records] == [
        "the model uses features that law protects: Age"
    ]


def test_only_the_name_is_required(folder: Folder):
    write(folder, "AMT_CREDIT", header="name")
    assert folder.load().dictionary.features["AMT_CREDIT"].label == "AMT_CREDIT"


def test_formulas_are_in_the_order_in_which_they_build_on_each_other(folder: Folder):
    write(folder, *FORMULAS)
    dictionary = folder.load().dictionary
    assert list(dictionary.formulas) == [PRODUCT, RATIO]
    new = folder.read(NEW_FILE)
    values = {name: new[name].to_numpy() for name in NUMBERS}
    for name, formula in dictionary.formulas.items():
        np.testing.assert_allclose(formula(values), values[name], rtol=1e-12)


def test_a_change_is_followed_by_its_formulas_and_dependents(folder: Folder):
    write(folder, *FORMULAS, f'"{SUM}",,,,,{RATIO},,,,,')
    follow = folder.load().dictionary.follow
    assert follow({"AMT_CREDIT"}) == ([PRODUCT, RATIO], [SUM])
    assert follow({"DAYS_BIRTH"}) == ([RATIO], [SUM])
    assert follow({PRODUCT}) == ([RATIO], [SUM])
    assert follow({PRODUCT, RATIO, SUM}) == ([], [])
    assert follow({"AMT_CREDIT", RATIO}) == ([PRODUCT], [SUM])
    assert follow(set()) == ([], [])


def refusal(folder: Folder) -> str:
    with pytest.raises(BadFile) as refused:
        folder.load()
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(("file", "rows"), [(REFERENCE_FILE, 300), (NEW_FILE, 20)])
def test_a_formula_that_does_not_hold_is_refused(folder: Folder, file: str, rows: int):
    write(folder, *FORMULAS)
    table = folder.read(file)
    known = np.flatnonzero(table[PRODUCT].notna() & table[RATIO].notna())[[3, 5]]
    table.loc[known, PRODUCT] *= 1 + 1e-8
    table.loc[known, RATIO] *= 1 + 1e-8
    table.to_csv(folder / file, index=False)
    write_metadata(folder)
    assert refusal(folder) == (
        f"features.csv: the formula of {PRODUCT} differs in 2 of {rows} rows of {file},"
        f" first in row {known[0] + 1}"
    )


@pytest.mark.parametrize(("here", "there"), [(None, 1.0), (1.0, None)])
def test_a_formula_is_missing_where_its_column_is(folder: Folder, here, there):
    write(folder, FORMULAS[1])
    table = folder.read(NEW_FILE)
    table[PRODUCT] = table["AMT_CREDIT"] * table["OWN_CAR_AGE"]
    table.loc[7, ["OWN_CAR_AGE", PRODUCT]] = [here, there]
    table.to_csv(folder / NEW_FILE, index=False)
    write_metadata(folder)
    assert refusal(folder).endswith("differs in 1 of 20 rows of test_samp.csv, first in row 8")


BAD = {
    "no name": (["Loan"], "label", "lacks the column name"),
    "empty": ([], "", "lacks the column name"),
    "column twice": (["AMT_CREDIT,a,b"], "name,label,label", "has a column more than once: label"),
    "unknown column": (["AMT_CREDIT,a"], "name,labels", "unknown columns: labels; known: name, "),
    "unknown feature": (["AMT"], "name", "row 1: AMT is no feature of the tables"),
    "the target": (["TARGET"], "name", "row 1: TARGET is no feature of the tables"),
    "twice": (["AMT_CREDIT", "AMT_CREDIT"], "name", "row 2: AMT_CREDIT is there twice"),
    "a cell too few": (["AMT_CREDIT"], "name,label", "row 1: has another number of fields than "),
    "a cell too many": (["AMT_CREDIT,a"], "name", "row 1: has another number of fields than "),
    "change": (["AMT_CREDIT,left"], "name,change", "row 1: change is left, not one of none, up, "),
    "protected": (["AMT_CREDIT,yes"], "name,protected", "row 1: protected is yes, neither 0 nor 1"),
    "depends": (["AMT_CREDIT,A;B"], "name,depends", "row 1: depends on what is no feature: A, B"),
    "formula of unknown": (
        ["AMT_CREDIT,DAYS_BIRTH * B"], "name,formula",
        "the formula of AMT_CREDIT has unknown features: B",
    ),
    "formula of itself": (
        ["AMT_CREDIT,AMT_CREDIT"], "name,formula",
        "formulas build on each other in a circle: AMT_CREDIT",
    ),
    "circle": (
        ["AMT_CREDIT,DAYS_BIRTH * 2", "DAYS_BIRTH,AMT_CREDIT / 2"], "name,formula",
        "formulas build on each other in a circle: AMT_CREDIT, DAYS_BIRTH",
    ),
    "import": (
        ["AMT_CREDIT,__import__('os').getcwd()"], "name,formula",
        "the formula of AMT_CREDIT: Call is not accepted, only + - * /, parentheses, numbers, ",
    ),
    "attribute": (
        ["AMT_CREDIT,DAYS_BIRTH.T"], "name,formula",
        "the formula of AMT_CREDIT: Attribute is not accepted, only + - * /, ",
    ),
    "parentheses": (
        [f"AMT_CREDIT,{'(' * 10_000}DAYS_BIRTH{')' * 10_000}"], "name,formula",
        "the formula of AMT_CREDIT: longer than 2000 characters",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_line(folder: Folder, name: str):
    rows, header, problem = BAD[name]
    write(folder, *rows, header=header)
    assert refusal(folder).startswith(f"features.csv: {problem}")


@pytest.mark.parametrize("content", [b"\xff\xfe", b'name\n"AMT', b"name\nAMT_\x00CREDIT\n"])
def test_a_file_that_is_not_csv_is_refused(folder: Folder, content: bytes):
    (folder / FEATURES_FILE).write_bytes(content)
    assert refusal(folder).startswith("features.csv: ")


def test_a_formula_of_text_is_refused(tmp_path: Path):
    pipeline = make_pipeline(encoded(sparse=False), lightgbm())
    folder = make_folder(tmp_path / "ressources", pipeline, MIXED)
    write(folder, f"AMT_CREDIT,{TEXTS[0]} * 2", header="name,formula")
    assert refusal(folder) == (
        f"features.csv: the formula of AMT_CREDIT has text features: {TEXTS[0]}"
    )


def test_another_hash_than_model_json_says_is_refused(folder: Folder):
    write(folder, *FORMULAS)
    write_metadata(folder, sha256={FEATURES_FILE: "0" * 64})
    assert refusal(folder).startswith("features.csv: its SHA-256 is ")
    sha256 = hashlib.sha256((folder / FEATURES_FILE).read_bytes()).hexdigest()
    write_metadata(folder, sha256={FEATURES_FILE: sha256})
    assert folder.load().sha256[FEATURES_FILE] == sha256


def test_a_file_whose_hash_model_json_has_may_not_be_absent(folder: Folder):
    write_metadata(folder, sha256={FEATURES_FILE: "0" * 64})
    assert refusal(folder) == "features.csv: cannot be read: No such file or directory"


def test_a_file_that_was_there_and_is_gone_is_refused(folder: Folder):
    with pytest.raises(BadFile, match=r"^features.csv: was there and is gone; to go on without it"):
        ServedBundle.read(folder.path, None, frozenset({FEATURES_FILE}))


@pytest.fixture
def app(folder: Folder) -> Application:
    """The application on a folder without features.csv."""
    return create_app(Settings(ressources_dir=folder.path, request_log=False))


def hashes_in_use(app: Application) -> dict[str, str]:
    """The hashes of the files in use, by `/model`."""
    return client_of(app).get("/model").json()["sha256"]


def test_a_new_file_is_taken_into_use(app: Application, folder: Folder):
    assert FEATURES_FILE not in hashes_in_use(app)
    write(folder, *FORMULAS)
    assert app.service.folder.reload()
    sha256 = hashlib.sha256((folder / FEATURES_FILE).read_bytes()).hexdigest()
    assert hashes_in_use(app)[FEATURES_FILE] == sha256


def test_a_bad_new_file_is_reported_and_the_old_one_stays_in_use(app: Application, folder: Folder):
    write(folder, *FORMULAS)
    assert app.service.folder.reload()
    sha256 = hashes_in_use(app)[FEATURES_FILE]
    write(folder, FORMULAS[0].replace("/", "*"))
    assert not app.service.folder.reload()
    assert hashes_in_use(app)[FEATURES_FILE] == sha256
    refused = client_of(app).get("/health").json()["refused"]
    assert refused.startswith(f"features.csv: the formula of {RATIO} differs in ")


def test_a_removed_file_is_reported(app: Application, folder: Folder):
    write(folder, *FORMULAS)
    assert app.service.folder.reload()
    (folder / FEATURES_FILE).unlink()
    assert not app.service.folder.reload()
    refused = client_of(app).get("/health").json()["refused"]
    assert refused.startswith("features.csv: was there and is gone")
