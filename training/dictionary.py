"""`features.csv`: that of the simulated population, and one to fill in for a table of one's own."""

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from credit_scoring.errors import BadFile
from credit_scoring.features import COLUMNS, FeatureDictionary, read_features
from credit_scoring.files import FEATURES_FILE, ID, TARGET
from credit_scoring.formulas import Columns, parse
from credit_scoring.tables import features_of

HOME_CREDIT = Path(__file__).with_name("home_credit.csv")  # of all 347 features


def home_credit(names: Sequence[str]) -> bytes:
    """What is known of these simulated features; no formula that builds on others than these.

    Args:
        names: of some of the 347 features.
    """
    rows = pd.read_csv(HOME_CREDIT, dtype=str, keep_default_na=False).set_index("name", drop=False)
    rows = rows.loc[list(names)]
    kept = set(names)
    rows["formula"] = [
        formula if not formula or kept.issuperset(parse(formula).inputs) else ""
        for formula in rows["formula"]
    ]
    rows["depends"] = [
        ";".join(name for name in depends.split(";") if name in kept) for depends in rows["depends"]
    ]
    return _as_csv(rows)


def skeleton(names: Sequence[str]) -> bytes:
    """A file to fill in: each feature's name is its label, and all else is empty."""
    return _as_csv(pd.DataFrame({"name": names, "label": names}).reindex(columns=COLUMNS))


def read_dictionary(content: bytes, features: pd.DataFrame, source: str) -> FeatureDictionary:
    """Read a `features.csv` as the service will, and check its formulas in every row.

    Args:
        content: of the file.
        features: a table of features only.
        source: where the table comes from, for the message.

    Raises:
        BadFile: the service would refuse the file; the message begins with ``features.csv``.
    """
    dictionary = _read(content, features)
    dictionary.check(source, _columns(features, dictionary))
    return dictionary


def check_not_filled_in(out: Path, features: pd.DataFrame) -> None:
    """Check that a skeleton would take the place of nobody's work.

    Raises:
        BadFile: the folder has a `features.csv` about these features that says more of them.
    """
    path = out / FEATURES_FILE
    if not path.is_file():
        return
    content = path.read_bytes()
    lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    names = [str(row.get("name")) for row in lines]  # of a file that may have mistakes
    if names and set(features_of(features)).issuperset(names) and content != skeleton(names):
        raise BadFile(
            FEATURES_FILE, f"{out} has one that was filled in: give it as --features, or remove it"
        )


def in_full(clients: pd.DataFrame) -> pd.DataFrame:
    """Compute again what follows from other columns of a simulated table.

    There each value has seven digits; formulas are checked with more of them.
    """
    features = clients.drop(columns=[ID, TARGET])
    dictionary = _read(home_credit(features_of(features)), features)
    columns = _columns(features, dictionary)
    followed = {name: formula(columns) for name, formula in dictionary.formulas.items()}
    return clients.assign(**followed).astype(clients.dtypes)


def _read(content: bytes, features: pd.DataFrame) -> FeatureDictionary:
    texts = set(features.columns.difference(features.select_dtypes("number").columns))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, FEATURES_FILE)
        path.write_bytes(content)
        return read_features(path, None, features_of(features), texts)[0]


def _columns(features: pd.DataFrame, dictionary: FeatureDictionary) -> Columns:
    """The columns that formulas are about, as doubles."""
    used = {name for name, f in dictionary.formulas.items() for name in (name, *f.inputs)}
    return {name: features[name].to_numpy(dtype=float) for name in used}


def _as_csv(rows: pd.DataFrame) -> bytes:
    text = io.StringIO(newline="")
    rows.to_csv(text, columns=list(COLUMNS), index=False, lineterminator="\n")
    return text.getvalue().encode()
