"""The `features.csv` of the simulated population, and the skeleton of one for another table."""

import csv
import io
import tempfile
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import pandas as pd

from credit_scoring.data.artifacts import FEATURES_FILE, ID, TARGET
from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.features.feature_file import COLUMNS, read_features
from credit_scoring.data.features.feature_translations import is_translated
from credit_scoring.data.features.formulas import Columns, parse
from credit_scoring.data.table_files.column_types import FittedInput
from credit_scoring.data.table_files.csv_tables import quoting_of
from credit_scoring.data.tables import features_of
from credit_scoring.errors import BadFile
from training.features.guesses import guess

HOME_CREDIT = Path(__file__).with_name("home_credit.csv")
SKELETON = ("name", "label", "kind", "note")  # the columns that a skeleton fills
RANGE = ("lowest", "highest")  # columns that a skeleton leaves out


def home_credit_rows() -> pd.DataFrame:
    """The descriptions of all 347 simulated features in their order, by name."""
    return pd.read_csv(HOME_CREDIT, dtype=str, keep_default_na=False).set_index("name", drop=False)


def home_credit(names: Sequence[str]) -> bytes:
    """The `features.csv` of simulated features, without formulas on features that are left out.

    Args:
        names: of some of the 347 features.
    """
    rows = home_credit_rows().loc[list(names)]
    kept = set(names)
    rows["formula"] = [
        formula if not formula or kept.issuperset(parse(formula).inputs) else ""
        for formula in rows["formula"]
    ]
    rows["depends"] = [
        ";".join(name for name in depends.split(";") if name in kept) for depends in rows["depends"]
    ]
    return _as_csv(rows)


def skeleton(names: Sequence[str], texts: Set[str] = frozenset()) -> bytes:
    """A `features.csv` to fill in: each feature has its name as label, its kind, and a guess.

    A guess stands in the column `note`, and takes effect only if somebody fills it in.

    Args:
        names: of the features.
        texts: the names of text features.
    """
    kinds = ["text" if name in texts else "number" for name in names]
    notes = [guess(name, is_text=name in texts) for name in names]
    rows = pd.DataFrame({"name": names, "label": names, "kind": kinds, "note": notes})
    return _as_csv(rows.reindex(columns=[name for name in COLUMNS if name not in RANGE]))


def declared_kinds(content: bytes) -> dict[str, FittedInput]:
    """The kind of each feature in a `features.csv` that may have mistakes, by name.

    Args:
        content: of a `features.csv`.
    """
    return {
        str(row["name"]): FittedInput("text" if row["kind"] == "text" else "number")
        for row in _rows(content)
        if row.get("name") and row.get("kind") in ("number", "flag", "text")
    }


def read_dictionary(content: bytes, features: pd.DataFrame, source: str) -> FeatureDictionary:
    """Read a `features.csv` as the service does, and check its formulas in every row.

    Args:
        content: of the file.
        features: a table of features only.
        source: the origin of the table, for the message.

    Raises:
        BadFile: the service would refuse the file; the message begins with ``features.csv``.
    """
    dictionary = _read(content, features)
    dictionary.check_kinds(texts_in(features))
    dictionary.check(source, _columns(features, dictionary))
    return dictionary


def check_not_filled_in(out: Path, features: pd.DataFrame) -> None:
    """Check that a skeleton would not replace a file that somebody filled in.

    Raises:
        BadFile: the folder has a `features.csv` of these features with more than a skeleton.
    """
    path = out / FEATURES_FILE
    if not path.is_file():
        return
    rows = _rows(path.read_bytes())
    names = {row.get("name") for row in rows}
    if names and names.issubset(features_of(features)) and any(map(_is_filled_in, rows)):
        raise BadFile(
            FEATURES_FILE, f"{out} has one that was filled in: give it as --features, or remove it"
        )


def in_full(clients: pd.DataFrame) -> pd.DataFrame:
    """Compute the derived features of simulated clients again, in double precision.

    A simulated value has seven digits, too few for the service's check of formulas.
    """
    features = clients.drop(columns=[ID, TARGET])
    dictionary = _read(home_credit(features_of(features)), features)
    columns = _columns(features, dictionary)
    followed = {name: formula(columns) for name, formula in dictionary.formulas.items()}
    return clients.assign(**followed).astype(clients.dtypes)


def _rows(content: bytes) -> Sequence[Mapping[str | None, object]]:
    """The rows of a file that may have mistakes."""
    lines = io.StringIO(content.decode("utf-8-sig", "replace"), newline="")
    return list(csv.DictReader(lines))


def _is_filled_in(row: Mapping[str | None, object]) -> bool:
    """True if a row of a file describes a feature better than a skeleton does."""
    more = {key for key, cell in row.items() if key not in SKELETON and cell}
    return bool(more) or row.get("label") not in ("", None, row.get("name"))


def texts_in(features: pd.DataFrame) -> set[str]:
    """The names of a table's features that are text."""
    return set(features.columns.difference(features.select_dtypes("number").columns))


def _read(content: bytes, features: pd.DataFrame) -> FeatureDictionary:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, FEATURES_FILE)
        path.write_bytes(content)
        return read_features(path, None, features_of(features))[0]


def _columns(features: pd.DataFrame, dictionary: FeatureDictionary) -> Columns:
    """The columns of flags, of features with a range, and of formulas and inputs, as doubles."""
    used = {name for name, f in dictionary.formulas.items() for name in (name, *f.inputs)}
    used |= {name for name, f in dictionary.features.items() if f.kind == "flag"}
    used |= {feature.name for feature in dictionary.ranged}
    return {name: features[name].to_numpy(dtype=float) for name in used}


def _as_csv(rows: pd.DataFrame) -> bytes:
    text = io.StringIO(newline="")
    columns = [name for name in COLUMNS if name in rows]
    columns += [name for name in map(str, rows) if is_translated(name)]
    rows.to_csv(text, columns=columns, index=False, lineterminator="\n", quoting=quoting_of(rows))
    return text.getvalue().encode()
