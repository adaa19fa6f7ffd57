"""The proof, at load, that every door gives a client the score of the pipeline itself.

A pipeline may be no function of one row: a transformer may look at the other rows of a table, or
draw at random. Such a model has no score that could be served, and is refused.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from credit_scoring.classifier import Classifier, LightGBMClassifier
from credit_scoring.errors import BadFile, cause, foreign_code
from credit_scoring.files import MODEL_FILE, NEW_FILE, PROBA, REFERENCE_FILE
from credit_scoring.pipeline import TRANSFORMED_AT_ONCE, Each, Transformed
from credit_scoring.raw_rows import RawRows, RawTransformer
from credit_scoring.tables import Matrix, Table

TOLERANCE = 1e-9  # of probabilities, and of base + SHAP values
EXPLAINED = 8  # clients whose SHAP values are added up
ALONE = 256  # clients, at most, who are scored alone
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


def check_rows(transformer: RawTransformer, table: Table, new: Transformed) -> None:
    """Check that each new client is transformed as if it were alone, whoever else is in the table.

    Transformers that are known to work element by element transform all clients once more, as
    raw records, unless arrays did. Any other one does so again in reversed order and by halves, and
    some clients alone: see `telling_clients`.

    Raises:
        BadFile: it does not.
    """
    if transformer.quickly is not None:
        return  # `with_arrays` has compared each client
    everyone = np.arange(len(table.values))
    orders = [
        ([everyone], "values each time"),
        ([everyone[::-1]], "values in another order of the table"),
        ([everyone[::2], everyone[1::2]], "values among other clients"),
        ([np.array([client]) for client in telling_clients(table, ALONE)], "values alone"),
    ]
    scale = 1.0 + np.abs(np.nan_to_num(new.values)).max(axis=0, initial=0.0)
    for companions, other in orders[:1] if transformer.is_element_by_element else orders:
        for clients in companions:
            for start in range(0, len(clients), TRANSFORMED_AT_ONCE):
                part = clients[start : start + TRANSFORMED_AT_ONCE]
                _check_part(transformer, table, new.values, part, scale, other)


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


def _check_part(
    transformer: RawTransformer,
    table: Table,
    expected: Matrix,
    clients: Positions,
    scale: Matrix,
    other: str,
) -> None:
    """Transform some clients together; matrix products may differ from others in the last bits."""

    def refused(error: BaseException) -> str:
        return f"its transformer refuses a client of {NEW_FILE} ({type(error).__name__})"

    with foreign_code(MODEL_FILE, refused):
        found = transformer.itself(
            RawRows.of_table(np.array(table.values[clients]), table.categories)
        )
    both_missing = np.isnan(found) & np.isnan(expected[clients])
    same = (np.abs(found - expected[clients]) <= TOLERANCE * scale) | both_missing
    if not same.all():
        client = int(clients[int((~same).any(axis=1).argmax())])
        raise BadFile(
            MODEL_FILE,
            f"its transformer gives a client other {other} (row {client + 1} of {NEW_FILE}):"
            " a score must depend on the client's own values only",
        )


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
