"""Make the files the service loads: model, reference clients, new clients and the facts about them.

    python train.py                        a simulated population of Home Credit's shape
    python train.py --data clients.csv     a labelled table of your own

A table has one client per row: `SK_ID_CURR` (an integer, each once), `TARGET` (1 = in default,
0 = solvent) and any number of numeric or text features, with or without missing values. True and
False become 1 and 0; columns without a name (row numbers) and a column `proba` are ignored, so that
the reference file of an earlier run is itself such a table.

The clients are split three ways, each part with the table's share of defaults. The number of trees
and the threshold are chosen by cross-validation among the *training* clients alone. *Reference* and
*new* clients are held out of every fit and every choice; the quality is measured on them.

The model is a pipeline of two steps, a transformer (impute, scale, encode) and a LightGBM
classifier with balanced class weights. The weights lift the probability of class 1 far above the
share of defaults: it ranks clients, and is read against the threshold. The threshold is the one of
least cost among training clients, where a missed default costs ten times a good client refused.

The same seed gives the same clients, the same bytes in both tables and the same predictions.
"""

import argparse
import hashlib
import json
import platform
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeAlias

import joblib
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder
from tqdm import tqdm  # type: ignore[import-untyped]

import scoring
from scoring import (
    FACTS_FILE,
    ID,
    MODEL_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    ROW_NUMBER,
    TARGET,
    BadFile,
)
from training.simulation import simulate

OUT = Path(__file__).with_name("ressources")
REFERENCE_CLIENTS, NEW_CLIENTS = 2_000, 500
SIMULATED_TRAINING_CLIENTS = 30_000

COST_MISSED_DEFAULT, COST_REFUSED_CLIENT = 10, 1
USED = ("scikit-learn", "lightgbm", "pandas", "numpy", "joblib")
THRESHOLDS = np.arange(1001) / 1000
FOLDS = 5
TREES = range(25, 401, 25)  # how many to choose from
MISSING = "missing"  # the category of texts that are not there
FEWEST_TRAINING, FEWEST_HELD_OUT = 2 * FOLDS, 2  # clients of either class

Array: TypeAlias = NDArray[Any]

# ---------------------------------------------------------------- reading and splitting a table


def read_table(path: Path) -> pd.DataFrame:
    """A labelled table: id, features (numbers or texts) and outcome.

    Raises:
        BadFile: the file cannot be read, or a column is missing, repeated or holds what it may not.
    """
    table, _ = scoring.read_table(path)
    unnamed = [name for position, name in enumerate(table) if name == f"Unnamed: {position}"]
    table = table.drop(columns=[*unnamed, ROW_NUMBER, PROBA], errors="ignore")
    for name in (ID, TARGET):
        if name not in table:
            raise BadFile(path.name, f"lacks the column {name}")
    if table[ID].dtype != np.int64:
        raise BadFile(path.name, f"column {ID}: a value is missing or no integer")
    if table[ID].duplicated().any():
        raise BadFile(path.name, f"column {ID}: {table[ID].mode()[0]} more than once")
    if not table[TARGET].isin([0, 1]).all():
        raise BadFile(path.name, f"column {TARGET}: a value is missing or neither 0 nor 1")
    if table[TARGET].nunique() == 1:
        raise BadFile(path.name, f"column {TARGET}: is {table[TARGET].iloc[0]:.0f} everywhere")

    flags = table.columns[[dtype in (bool, object) for dtype in table.dtypes]]
    table = table.astype({**dict.fromkeys(flags, float), TARGET: int})
    check_features(path.name, table.drop(columns=[ID, TARGET]))
    return table


def check_features(file: str, features: pd.DataFrame) -> None:
    """There are some, they are finite, and what the transformer calls them is unambiguous."""
    if features.columns.empty:
        raise BadFile(file, f"has no feature beside {ID} and {TARGET}")
    numbers = features.select_dtypes("number")
    if infinite := [name for name in numbers if np.isinf(numbers[name]).any()]:
        raise BadFile(file, f"column {infinite[0]}: a value is infinite")
    names = [str(name) for name in numbers]
    for text in features.columns.difference(numbers.columns):
        values = {*features[text].dropna(), MISSING, "infrequent_sklearn"}
        names += [f"{text}_{value}" for value in values]
    if twice := repeated(names):
        raise BadFile(file, f"column {twice} is also what a value of a text column is called")


def repeated(names: Iterable[str]) -> str | None:
    """A name that is there more than once, if any; no name is none."""
    return min((name for name, count in Counter(names).items() if name and count > 1), default=None)


class Split(NamedTuple):
    """Three tables of the same columns; the last two are held out."""

    training: pd.DataFrame
    reference: pd.DataFrame
    new: pd.DataFrame


def split(
    table: pd.DataFrame, reference_clients: int, new_clients: int, seed: int, source: str
) -> Split:
    """Shuffle the clients into three, the held-out ones with the table's share of defaults.

    Raises:
        BadFile: too few clients of a class would be left on one side.
    """
    held_out = reference_clients + new_clients
    fewest = table[TARGET].value_counts().min()
    share = held_out / len(table)
    if fewest * (1 - share) < FEWEST_TRAINING or fewest * share < FEWEST_HELD_OUT:
        raise BadFile(
            source,
            f"too few clients: {held_out} of {len(table)} are held out, and one class has {fewest}"
            f" in all; each needs {FEWEST_TRAINING} in training and {FEWEST_HELD_OUT} held out",
        )
    training, rest = train_test_split(
        table, test_size=held_out, stratify=table[TARGET], random_state=seed
    )
    return Split(training, rest[:reference_clients], rest[reference_clients:])


# ---------------------------------------------------------------- fitting


def unfitted(features: pd.DataFrame, seed: int) -> Pipeline:
    """The unfitted pipeline for these features: impute, scale or encode, then classify."""
    numbers = list(features.select_dtypes("number"))
    number = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), MinMaxScaler()
    )
    text = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=MISSING),
        OneHotEncoder(max_categories=20, handle_unknown="infrequent_if_exist", sparse_output=False),
    )
    transformer = ColumnTransformer(
        [("number", number, numbers), ("text", text, list(features.columns.difference(numbers)))],
        verbose_feature_names_out=False,
    )
    classifier = LGBMClassifier(
        n_estimators=TREES[-1],
        learning_rate=0.03,
        num_leaves=15,
        min_child_samples=40,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.4,
        reg_lambda=5.0,
        class_weight="balanced",
        random_state=seed,
        n_jobs=2,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )
    return Pipeline([("transformer", transformer), ("classifier", classifier)])


def fit(pipeline: Pipeline, clients: pd.DataFrame) -> Pipeline:
    """A fitted copy; the classifier sees an array, since LightGBM refuses names such as `a: b`."""
    transformer, classifier = (clone(step) for _, step in pipeline.steps)
    with tqdm(None, "fitting trees", classifier.n_estimators, disable=None) as progress:
        classifier.fit(
            transformer.fit_transform(clients.drop(columns=[ID, TARGET])),
            clients[TARGET].to_numpy(),
            callbacks=[lambda _: progress.update()],
        )
    return Pipeline([("transformer", transformer), ("classifier", classifier)])


def cross_validate(
    pipeline: Pipeline, training: pd.DataFrame, seed: int
) -> tuple[int, NDArray[np.float64]]:
    """The number of trees that ranks best, and each client's probability from the other folds."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    probabilities = np.empty((len(TREES), len(training)))
    for fitted, checked in folds.split(training, training[TARGET]):
        transformer, classifier = fit(pipeline, training.iloc[fitted])
        rows = transformer.transform(training.iloc[checked])
        for row, trees in enumerate(TREES):
            staged = classifier.predict_proba(rows, num_iteration=trees)
            probabilities[row, checked] = staged[:, 1]
    best = np.argmax([roc_auc_score(training[TARGET], row) for row in probabilities])
    return TREES[best], probabilities[best]


# ---------------------------------------------------------------- measuring


def costs(
    target: Array, probability: Array, thresholds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean cost per client at each threshold, in refused good clients.

    A client is refused where ``probability >= threshold``. Shapes: (clients,), (clients,), (k,).
    """
    bad, good = (np.sort(probability[target == value]) for value in (1, 0))
    missed = np.searchsorted(bad, thresholds)
    refused = len(good) - np.searchsorted(good, thresholds)
    return (COST_MISSED_DEFAULT * missed + COST_REFUSED_CLIENT * refused) / len(target)


def cheapest_threshold(target: Array, probability: Array) -> float:
    """The threshold of least mean cost, to three decimals; the lowest of several."""
    return float(THRESHOLDS[costs(target, probability, THRESHOLDS).argmin()])


def auc_interval(target: Array, probability: Array) -> tuple[float, float, float]:
    """Area under the ROC curve and its 95 % interval, after DeLong et al. (1988).

    The variance is that of the placement values, which come from mid-ranks as in Sun and Xu (2014),
    "Fast implementation of DeLong's algorithm", IEEE Signal Processing Letters 21(11).
    """
    bad, good = probability[target == 1], probability[target == 0]
    ranks = rankdata(np.concatenate([bad, good]))
    above = (ranks[: len(bad)] - rankdata(bad)) / len(good)  # share of good clients ranked below
    below = 1 - (ranks[len(bad) :] - rankdata(good)) / len(bad)  # share of bad clients above
    auc = above.mean()
    margin = norm.ppf(0.975) * np.sqrt(above.var(ddof=1) / len(bad) + below.var(ddof=1) / len(good))
    return float(auc), float(max(auc - margin, 0)), float(min(auc + margin, 1))


def quality(held_out: pd.DataFrame, probability: Array, threshold: float) -> dict[str, float]:
    """What the model is worth on clients whom it has never seen; costs per client."""
    target = held_out[TARGET].to_numpy()
    auc, low, high = auc_interval(target, probability)
    chosen, half, accept_all = costs(target, probability, np.array([threshold, 0.5, np.inf]))
    figures = {
        "auc": auc,
        "auc_95_low": low,
        "auc_95_high": high,
        "default_rate": target.mean(),
        "cost_per_client": chosen,
        "cost_per_client_at_0.5": half,
        "cost_per_client_accepting_all": accept_all,
    }
    rounded = {name: round(float(value), 4) for name, value in figures.items()}
    return {"held_out_clients": len(target), **rounded}


# ---------------------------------------------------------------- writing


def write(out: Path, pipeline: Pipeline, parts: Split, facts: dict[str, Any]) -> dict[str, Any]:
    """Write the four files, once the service accepts them, and return what `model.json` says."""
    features = parts.reference.columns.drop([ID, TARGET])
    probability = pipeline.predict_proba(parts.reference[features])[:, 1]
    reference = parts.reference[[ID, *features, TARGET]].copy()
    reference[PROBA] = probability
    with tempfile.TemporaryDirectory(prefix=".train-", dir=out) as name:
        folder = Path(name)
        joblib.dump(pipeline, folder / MODEL_FILE, compress=3)
        reference.to_csv(folder / REFERENCE_FILE, lineterminator="\n")
        parts.new[[ID, *features]].to_csv(folder / NEW_FILE, lineterminator="\n")
        hashes = {
            file: hashlib.sha256((folder / file).read_bytes()).hexdigest()
            for file in (MODEL_FILE, REFERENCE_FILE, NEW_FILE)
        }
        facts = facts | {"sha256": hashes}
        (folder / FACTS_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        scoring.load(folder)
        # Each file appears whole. The hashes come first, so that a service which starts in between
        # refuses the mixture of old and new files instead of serving it.
        for file in (FACTS_FILE, *hashes):
            (folder / file).replace(out / file)
    return facts


def report(out: Path, parts: Split, facts: dict[str, Any]) -> None:
    """Print what came out."""
    sizes = [len(part) for part in parts]
    figures = facts["quality"]
    print(
        f"clients    {sum(sizes):,}: {sizes[0]:,} training, {sizes[1]:,} reference,"
        f" {sizes[2]:,} new; {parts.training.shape[1] - 2} features",
        f"defaults   {figures['default_rate']:.2%} of the held-out clients (reference and new)",
        f"AUC        {figures['auc']:.3f} on them, 95 % interval {figures['auc_95_low']:.3f} to"
        f" {figures['auc_95_high']:.3f}, with {facts['trees']} trees",
        f"threshold  {facts['threshold']:.3f}, of least cost where a missed default costs"
        f" {COST_MISSED_DEFAULT} refused good clients",
        f"cost       {figures['cost_per_client']:.3f} per client;"
        f" {figures['cost_per_client_at_0.5']:.3f} at threshold 0.5,"
        f" {figures['cost_per_client_accepting_all']:.3f} accepting all",
        *(f"{(out / file).stat().st_size:>10,} bytes  {out / file}  SHA-256 {sha256}"
          for file, sha256 in facts["sha256"].items()),
        sep="\n",
    )  # fmt: skip


# ---------------------------------------------------------------- the command


class Parser(argparse.ArgumentParser):
    """Refuses with one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and leave with exit code 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")


def whole(low: int, high: int) -> Callable[[str], int]:
    """A type of option: a whole number from `low` to `high`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number from {low} to {high}")
        return int(text)

    return read


def train(options: argparse.Namespace) -> None:
    """Do what the options say, from the table to the report."""
    reference_clients, new_clients = options.reference_clients, options.new_clients
    if options.data:
        table = read_table(options.data)
        reference_clients = reference_clients or min(REFERENCE_CLIENTS, len(table) // 5)
        new_clients = new_clients or min(NEW_CLIENTS, len(table) // 10)
        source = options.data.name
    else:
        reference_clients = reference_clients or REFERENCE_CLIENTS
        new_clients = new_clients or NEW_CLIENTS
        clients = SIMULATED_TRAINING_CLIENTS + reference_clients + new_clients
        table = simulate(clients, options.seed, options.wide)
        source = f"simulated population, seed {options.seed}"
    parts = split(table, reference_clients, new_clients, options.seed, source)
    del table  # the parts are copies
    options.out.mkdir(parents=True, exist_ok=True)

    pipeline = unfitted(parts.training.drop(columns=[ID, TARGET]), options.seed)
    trees, out_of_fold = cross_validate(pipeline, parts.training, options.seed)
    threshold = cheapest_threshold(parts.training[TARGET].to_numpy(), out_of_fold)
    pipeline = fit(pipeline.set_params(classifier__n_estimators=trees), parts.training)

    held_out = pd.concat([parts.reference, parts.new])
    probability = pipeline.predict_proba(held_out)[:, 1]
    facts = {
        "threshold": threshold,
        "trained": datetime.now(UTC).date().isoformat(),
        "source": source,
        "training_clients": len(parts.training),
        "trees": trees,
        "quality": quality(held_out, probability, threshold),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in USED},
    }
    facts = write(options.out, pipeline, parts, facts)
    report(options.out, parts, facts)


def main() -> None:
    """Read the command line; a file or an option that will not do ends with one line and code 2."""
    parser = Parser(description="Make the files the service loads.", prog="train.py")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", type=Path, metavar="CSV", help="a labelled table of your own")
    source.add_argument("--wide", action="store_true", help="simulate 347 features, not 150")
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default: %(default)s)")
    parser.add_argument("--seed", type=whole(0, 2**32 - 1), default=42, help="default: 42")
    many = whole(1, 1_000_000)
    parser.add_argument("--reference-clients", type=many, metavar="N",
                        help="default: 2,000, of a table at most a fifth")  # fmt: skip
    parser.add_argument("--new-clients", type=many, metavar="N",
                        help="default: 500, of a table at most a tenth")  # fmt: skip
    try:
        train(parser.parse_args())
    except (BadFile, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
