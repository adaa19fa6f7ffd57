"""Checks while loading that every way of scoring a client gives the score of the pipeline.

A transformer whose result depends on other rows of the table, or on chance, is refused: its clients
have no score of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix, Table
from credit_scoring.errors import BadFile, cause, foreign_code
from credit_scoring.model.classifiers.classifier import Classifier
from credit_scoring.model.classifiers.kinds.lightgbm import LightGBMClassifier
from credit_scoring.model.pipeline import TRANSFORMED_AT_ONCE, Each, Transformed
from credit_scoring.model.transformers.transformer import RawTransformer

TOLERANCE = 1e-9  # of probabilities, and of base + SHAP values
EXPLAINED = 8  # new clients whose SHAP values are added up
ALONE = 256  # new clients who are scored alone, at most
ALONE_OF_REFERENCE = 64  # reference clients who are transformed alone, at most
RARE = 3  # clients of a rare category, at most

Rows = NDArray[np.intp]


def check_scores(classifier: Classifier, new: Transformed, each: Each = map) -> Matrix:
    """Check that new clients have the pipeline's scores, as a table and some of them alone.

    Args:
        classifier: the last step of the pipeline, as the service calls it.
        new: all new clients.
        each: see `Each`.

    Returns:
        The probabilities of all new clients, shape (clients,).

    Raises:
        BadFile: a client scores differently, or a probability is out of range.
    """

    def scores(start: int) -> Matrix:
        return classifier.probabilities_together(new.values[start : start + TRANSFORMED_AT_ONCE])

    with foreign_code(MODEL_FILE, lambda error: f"cannot score a client ({cause(error)})"):
        together = np.concatenate([*each(scores, range(0, len(new.values), TRANSFORMED_AT_ONCE))])
        # A single client takes a forest milliseconds, and LightGBM microseconds.
        most = ALONE if isinstance(classifier, LightGBMClassifier) else EXPLAINED
        some = spread(len(new.values), most)
        # Views as in the service, not copies: LightGBM's call depends on the memory layout.
        alone = np.array([classifier.probability(new.values[client]) for client in some])
    if not ((together >= 0) & (together <= 1)).all():
        raise BadFile(MODEL_FILE, "gives a client a probability outside of 0 to 1")
    whole = new.probabilities
    same = partial(_check_same, tolerance=classifier.tolerance)
    same(whole, together[: len(whole)], "by the service than by the pipeline")
    same(together[some], alone, "alone than among others", some)
    return together


def check_explanations(classifier: Classifier, new: Transformed) -> None:
    """Check for some clients that contributions add up to the raw output, and this to the score.

    Raises:
        BadFile: they do not.
    """
    rows = new.values[spread(len(new.values), EXPLAINED)]
    with foreign_code(MODEL_FILE, lambda error: f"cannot explain a client ({cause(error)})"):
        values, base = classifier.contributions(rows)
        output = classifier.raw_outputs(rows)
        probability = classifier.probabilities_together(rows)
    scale = 1 + np.abs(output).max()
    agrees = np.abs(base + values.sum(axis=1) - output).max() <= classifier.tolerance * scale
    if classifier.raw_output == "log-odds":
        agrees &= np.abs(logistic(output) - probability).max() <= classifier.tolerance
    elif classifier.raw_output == "probability":
        agrees &= np.abs(output - probability).max() <= classifier.tolerance
    if not agrees:
        raise BadFile(MODEL_FILE, "its SHAP values do not add up to its raw output")


def check_rows(
    transformer: RawTransformer, new: Table, transformed: Matrix, reference: Table
) -> None:
    """Check that a transformer gives clients the same values whatever table they are in.

    All new clients are transformed once more. Unless the transformer works element by element, they
    are also transformed in reversed order, by halves, and some alone. Some reference clients, who
    may have values and gaps that new clients lack, are transformed in all these ways. A vectorised
    transformer does not need this check: `vectorise` compares every client.

    Args:
        transformer: of the pipeline.
        new: all new clients' raw values.
        transformed: all new clients' transformed values, shape (clients, n).
        reference: all reference clients' raw values.

    Raises:
        BadFile: the values of a client differ.
    """
    everyone = np.arange(len(new.values))
    clients = _Clients(transformer, NEW_FILE, new, transformed, everyone)
    clients.check([everyone], "values each time")
    if transformer.is_element_by_element:
        return
    clients.check_orders()
    clients.check_alone(telling_clients(new, ALONE))
    some = telling_clients(reference, ALONE_OF_REFERENCE)
    part = Table(reference.values[some], reference.categories)
    everyone = np.arange(len(some))
    try:
        known = _transformed(transformer, part, everyone, REFERENCE_FILE)
    except BadFile:  # `reference_scores` names the client
        return
    clients = _Clients(transformer, REFERENCE_FILE, part, known, some)
    clients.check([everyone], "values each time")
    clients.check_orders()
    clients.check_alone(everyone)


@dataclass(frozen=True, eq=False)
class _Clients:
    """Clients of a file with their raw and transformed values.

    Attributes:
        transformer: of the pipeline.
        file: the name of the clients' file.
        table: the raw values.
        transformed: the transformed values, shape (clients, n).
        rows: the clients' rows in the file, shape (clients,).
    """

    transformer: RawTransformer
    file: str
    table: Table
    transformed: Matrix
    rows: Rows

    def check_orders(self) -> None:
        """Transform the clients in reversed order, and by halves."""
        everyone = np.arange(len(self.rows))
        self.check([everyone[::-1]], "values in another order of the table")
        self.check([everyone[::2], everyone[1::2]], "values among other clients")

    def check_alone(self, some: Rows) -> None:
        """Transform some clients alone."""
        self.check([np.array([client]) for client in some], "values alone")

    def check(self, companions: Sequence[Rows], other: str) -> None:
        """Transform clients again and compare; matrix products may differ in the last bits.

        Args:
            companions: clients who are transformed in one call, for each call.
            other: the difference, for the message.

        Raises:
            BadFile: a value of a client differs.
        """
        scale = 1.0 + np.abs(np.nan_to_num(self.transformed)).max(axis=0, initial=0.0)
        for clients in companions:
            for start in range(0, len(clients), TRANSFORMED_AT_ONCE):
                part = clients[start : start + TRANSFORMED_AT_ONCE]
                found = _transformed(self.transformer, self.table, part, self.file)
                expected = self.transformed[part]
                both_missing = np.isnan(found) & np.isnan(expected)
                same = (np.abs(found - expected) <= TOLERANCE * scale) | both_missing
                if not same.all():
                    row = self.rows[part[int((~same).any(axis=1).argmax())]] + 1
                    raise BadFile(
                        MODEL_FILE,
                        f"its transformer gives a client other {other} (row {row} of {self.file}):"
                        " a score must depend on the client's own values only",
                    )


def _transformed(transformer: RawTransformer, table: Table, clients: Rows, file: str) -> Matrix:
    def refused(error: BaseException) -> str:
        return f"its transformer refuses a client of {file} ({type(error).__name__})"

    with foreign_code(MODEL_FILE, refused):
        rows = RawBatch.of_table(np.array(table.values[clients]), table.categories)
        return transformer.unvectorised(rows)


def spread(clients: int, most: int) -> Rows:
    """At most `most` clients, evenly spread over a table from the first one to the last one."""
    return np.unique(np.linspace(0, clients - 1, most, dtype=np.intp))


def telling_clients(table: Table, most: int) -> Rows:
    """At most `most` clients for whom a transformer is most likely to behave differently.

    They are an even spread, and the first client with each pattern of missing values, each rare
    category and each extreme value of a feature.
    """
    values, missing = table.values, np.isnan(table.values)
    found = [spread(len(values), EXPLAINED)]
    _, first = np.unique(np.packbits(missing, axis=1), axis=0, return_index=True)
    found.append(first)
    for column in range(values.shape[1]):
        if column in table.categories:
            codes, at, counts = np.unique(values[:, column], return_index=True, return_counts=True)
            found.append(at[(counts <= RARE) & ~np.isnan(codes)])
        elif not missing[:, column].all():
            extremes = np.nanargmin(values[:, column]), np.nanargmax(values[:, column])
            found.append(np.array(extremes))
    each = np.concatenate(found)
    _, order = np.unique(each, return_index=True)
    return each[np.sort(order)][:most].astype(np.intp)


def logistic(output: Matrix) -> Matrix:
    """The probability of log-odds."""
    probability: Matrix = 1 / (1 + np.exp(-output))
    return probability


def _check_same(
    expected: Matrix, found: Matrix, how: str, clients: Rows | None = None, *, tolerance: float
) -> None:
    """Compare scores; matrix products of one client and of several may differ in the last bits."""
    differs = ~(np.abs(expected - found) <= tolerance)
    if differs.any():
        at = int(differs.argmax())
        row = at if clients is None else int(clients[at])
        raise BadFile(
            MODEL_FILE, f"scores a client differently {how} (row {row + 1} of {NEW_FILE})"
        )
