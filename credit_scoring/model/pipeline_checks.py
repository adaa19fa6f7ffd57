"""The proof, at load, that every door gives a client the score of the pipeline itself.

A pipeline may be no function of one row: a transformer may look at the other rows of a table, or
draw at random. Such a model has no score that could be served, and is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, PROBA, REFERENCE_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix, Table
from credit_scoring.errors import BadFile, cause, foreign_code
from credit_scoring.model.classifiers.classifier import Classifier
from credit_scoring.model.classifiers.lightgbm import LightGBMClassifier
from credit_scoring.model.pipeline import TRANSFORMED_AT_ONCE, Each, Transformed
from credit_scoring.model.transformers.transformer import RawTransformer

TOLERANCE = 1e-9  # of probabilities, and of base + SHAP values
EXPLAINED = 8  # clients whose SHAP values are added up
ALONE = 256  # new clients, at most, who are scored alone
ALONE_OF_REFERENCE = 64  # reference clients, at most
RARE = 3  # clients with a category: it is rare

RawOutput = Literal["log-odds", "probability"]
Positions = NDArray[np.intp]


def check_scores(classifier: Classifier, new: Transformed, each: Each = map) -> None:
    """Check that every new client scores as by the pipeline, and some of them alone, too.

    Args:
        classifier: as the service calls it.
        new: all new clients.
        each: calls a function for each of some chunks, as the `map` of a pool of threads does.

    Raises:
        BadFile: one scores differently, or a probability is out of range.
    """

    def scores(start: int) -> Matrix:
        return classifier.probabilities(new.values[start : start + TRANSFORMED_AT_ONCE])

    with foreign_code(MODEL_FILE, lambda error: f"cannot score a client ({cause(error)})"):
        together = np.concatenate([*each(scores, range(0, len(new.values), TRANSFORMED_AT_ONCE))])
        # A forest takes some milliseconds for a client alone, LightGBM some microseconds.
        most = ALONE if isinstance(classifier, LightGBMClassifier) else EXPLAINED
        some = spread(len(new.values), most)
        # The rows as they are served, not copies of them: how they lie in memory counts.
        alone = np.array([classifier.probability(new.values[client]) for client in some])
    if not ((together >= 0) & (together <= 1)).all():
        raise BadFile(MODEL_FILE, "gives a client a probability outside of 0 to 1")
    whole = new.probabilities
    _check_same(whole, together[: len(whole)], "by the service than by the pipeline")
    _check_same(together[some], alone, "alone than among others", some)


def check_explanations(classifier: Classifier, new: Transformed) -> RawOutput:
    """Check that SHAP values of some new clients add up to the raw output; what they are parts of.

    Raises:
        BadFile: they do not.
    """
    some = spread(len(new.probabilities), EXPLAINED)
    with foreign_code(MODEL_FILE, lambda error: f"cannot explain a client ({cause(error)})"):
        values, base = classifier.contributions(new.values[some])
    output, probability = base + values.sum(axis=1), new.probabilities[some]
    if np.abs(logistic(output) - probability).max() <= TOLERANCE:
        return "log-odds"
    if not classifier.is_logistic and np.abs(output - probability).max() <= TOLERANCE:
        return "probability"
    raise BadFile(MODEL_FILE, "its SHAP values do not add up to its raw output")


def check_rows(
    transformer: RawTransformer, new: Table, transformed: Matrix, reference: Table
) -> None:
    """Check that a client is transformed as if it were alone, whoever else is in the table.

    It is for transformers without `quickly`, which `with_arrays` compares for each client. Those
    that are known to work element by element transform all new clients once more. Any other one
    does so again in reversed order and by halves, and transforms some clients alone: see
    `telling_clients`. Some reference clients, who may have values and gaps that no new client has,
    are tried in the same ways.

    Args:
        transformer: of the pipeline.
        new: all new clients' raw values.
        transformed: the same transformed, shape (clients, n).
        reference: the raw values of all reference clients.

    Raises:
        BadFile: it does not.
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
    except BadFile:  # the comparison with scores names the client
        return
    clients = _Clients(transformer, REFERENCE_FILE, part, known, some)
    clients.check([everyone], "values each time")
    clients.check_orders()
    clients.check_alone(everyone)


@dataclass(frozen=True, eq=False)
class _Clients:
    """Clients of a file with what a transformer made of them.

    Attributes:
        transformer: of the pipeline.
        file: they are from.
        table: their raw values.
        transformed: the same transformed, shape (clients, n).
        rows: their places in the file.
    """

    transformer: RawTransformer
    file: str
    table: Table
    transformed: Matrix
    rows: Positions

    def check_orders(self) -> None:
        """Check them in reversed order, and among half of the others."""
        everyone = np.arange(len(self.rows))
        self.check([everyone[::-1]], "values in another order of the table")
        self.check([everyone[::2], everyone[1::2]], "values among other clients")

    def check_alone(self, some: Positions) -> None:
        """Check some of them alone."""
        self.check([np.array([client]) for client in some], "values alone")

    def check(self, companions: Sequence[Positions], other: str) -> None:
        """Transform them again; matrix products may differ in the last bits.

        Args:
            companions: the clients who are transformed together.
            other: what is said of one who is transformed to other values.

        Raises:
            BadFile: one is.
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


def _transformed(
    transformer: RawTransformer, table: Table, clients: Positions, file: str
) -> Matrix:
    def refused(error: BaseException) -> str:
        return f"its transformer refuses a client of {file} ({type(error).__name__})"

    with foreign_code(MODEL_FILE, refused):
        rows = RawBatch.of_table(np.array(table.values[clients]), table.categories)
        return transformer.itself(rows)


def check_witness(scores: Matrix, stored: Matrix) -> None:
    """Check that the reference clients score as the makers of the model stored it.

    Args:
        scores: by the service, shape (clients,).
        stored: the column `proba`, NaN for a client without a value.

    Raises:
        BadFile: one does not; the message has both numbers.
    """
    differs = np.abs(scores - stored) > TOLERANCE
    if differs.any():
        row = int(differs.argmax())
        raise BadFile(
            REFERENCE_FILE,
            f"row {row + 1}: {PROBA} is {float(stored[row])!r}, and {MODEL_FILE} gives"
            f" {float(scores[row])!r}; so in {differs.sum()} of {len(stored)} rows: the model or"
            " the values are not those of its makers",
        )


def spread(clients: int, most: int) -> Positions:
    """Up to a number of clients, evenly spread over the table, the first and the last included."""
    return np.unique(np.linspace(0, clients - 1, most, dtype=np.intp))


def telling_clients(table: Table, most: int) -> Positions:
    """Clients for whom a transformer is most likely to do something else, up to a number.

    An even spread, and the first client with each rare category, extreme value of a feature and
    pattern of missing values.
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
    """The probability that log-odds stand for."""
    probability: Matrix = 1 / (1 + np.exp(-output))
    return probability


def _check_same(
    expected: Matrix, found: Matrix, how: str, clients: Positions | None = None
) -> None:
    """Not to the last bit: matrix products may differ there between one client and several."""
    differs = ~(np.abs(expected - found) <= TOLERANCE)
    if differs.any():
        at = int(differs.argmax())
        row = at if clients is None else int(clients[at])
        raise BadFile(
            MODEL_FILE, f"scores a client differently {how} (row {row + 1} of {NEW_FILE})"
        )
