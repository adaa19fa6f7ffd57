"""The protocol of classifiers, with the answers that most kinds give."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.model.classifiers.fitted_names import fitted_width
from credit_scoring.model.trees.ensemble import TreeEnsemble

RawOutput = Literal["log-odds", "probability", "margin"]
# Of rows, shape (m, n): contributions of each input, shape (m, n), and the expected raw output.
Contributions = Callable[[Matrix], tuple[Matrix, float]]

LARGEST_SINGLE = 3.4028234663852886e38  # of single precision, to which many libraries round
TOLERANCE = 1e-9
MOST_EXPLAINED = 1000


class Classifier(Protocol):
    """A binary classifier of rows of n transformed values.

    Probabilities, raw outputs and contributions are those of the default class, one of the two.
    """

    @property
    def largest(self) -> float:
        """The largest magnitude that the classifier accepts."""
        return LARGEST_SINGLE

    @property
    def raw_output(self) -> RawOutput:
        """The unit of raw outputs.

        A margin is a score of the model that is neither log-odds nor a probability: the raw output
        below a calibration that is not linear in it.
        """

    @property
    def tolerance(self) -> float:
        """The largest error of a probability computed from raw outputs, and of sums."""
        return TOLERANCE

    @property
    def explained_by(self) -> str:
        """The method of `contributions`, as responses name it."""

    @property
    def is_quick(self) -> bool:
        """True if a contribution takes microseconds.

        It becomes true for trees when `treeshap` computes `contributions`, whose last bits differ
        then.
        """
        return False

    @property
    def trees(self) -> TreeEnsemble | None:
        """The trees that add up to the raw output; None if there are none, or if not known."""
        return None

    @property
    def split_points(self) -> tuple[Matrix | None, ...] | None:
        """Rising split points of each of the n inputs; None if the trees are not known.

        A score can change only between a value up to a split point and a value above it. For an
        input whose numbers are categories, with values that the model does not list, it is None.
        """
        return None

    @property
    def coefficients(self) -> Matrix | None:
        """Log-odds per unit of each input, shape (n,), if log-odds are linear; else None."""
        return None

    @property
    def needs_background(self) -> bool:
        """True until `explained_against` has been called, if contributions depend on it."""
        return False

    @property
    def most_explained(self) -> int:
        """The number of reference clients that are explained in reasonable time."""
        return MOST_EXPLAINED

    def explained_against(self, background: Matrix) -> "Classifier":
        """A classifier whose contributions are differences to a background, or the object itself.

        Args:
            background: the transformed reference population, shape (m, n).
        """
        return self

    def explain_by(self, contributions: Contributions) -> None:
        """Compute `contributions` by another function from now on; only for `trees`."""
        raise TypeError("the classifier has no trees")

    def probability(self, row: Matrix) -> float:
        """Probability of the default class for one row, shape (n,)."""

    def probabilities(self, rows: Matrix) -> Matrix:
        """Probabilities of the default class for rows, shape (m, n).

        Each has the bits of `probability`, which are those of the fitted object's ``predict_proba``
        for the row alone.
        """

    @property
    def is_alike(self) -> bool:
        """True if `probabilities_together` has the bits of `probabilities`."""
        return True

    def probabilities_together(self, rows: Matrix) -> Matrix:
        """Probabilities of rows, shape (m, n), by one call, which may round the last bits.

        Matrix products round one row and several rows differently.
        """
        return self.probabilities(rows)

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """Contributions of each input for rows, shape (m, n), and the expected raw output."""

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """The sum of contributions and expected raw output for rows, shape (m, n)."""


def check_width(fitted: Any, columns: int) -> None:
    """Check that a fitted classifier takes a number of columns.

    Args:
        fitted: the last step of the pipeline.
        columns: the number.

    Raises:
        BadFile: the classifier takes another number.
    """
    with foreign_code(MODEL_FILE, lambda error: f"its classifier fails: {describe(error)}"):
        width = fitted_width(fitted)
        if width not in (None, columns):
            raise BadFile(
                MODEL_FILE,
                f"its transformer gives {columns} features, its classifier takes {width}",
            )
