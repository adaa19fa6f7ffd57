"""The splits of CatBoost's JSON format, and the columns of rows that they test."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.model.trees.derived_columns import DerivedColumns
from credit_scoring.model.trees.ensemble import (
    DEFAULT_LEFT,
    NAN_IS_MISSING,
    Integers,
    NotCovered,
)
from credit_scoring.model.trees.single_precision import largest_doubles

PASSES = 0.5  # the split point of a column of decisions, 0 or 1

Split = tuple[int, float, int]  # the column, the border and the decision


class CatBoostInputs:
    """The features of a model, and the splits by categories that its trees have.

    A split by categories tests whether a row has one category (one-hot), or a statistic of the
    training rows that have the row's categories (a CTR). A combination for a CTR may also have
    borders of numbers.
    """

    def __init__(self, saved: Mapping[str, Any], features: int) -> None:
        """Read the features.

        Args:
            saved: the part "features_info" of a model.
            features: their number, n.
        """
        numbers = saved.get("float_features") or ()
        categories = saved.get("categorical_features") or ()
        self._column = {one["feature_index"]: one["flat_feature_index"] for one in numbers}
        self._category = {one["feature_index"]: one["flat_feature_index"] for one in categories}
        self._nan_goes_right = {
            one["feature_index"]: one["nan_value_treatment"] == "AsTrue" for one in numbers
        }
        self._features = features
        self._ctrs = saved.get("ctrs") or ()
        # A split's number counts borders of numbers, then one-hot values, then borders of CTRs.
        before = sum(len(one.get("borders") or ()) for one in numbers)
        before += sum(len(one.get("values") or ()) for one in categories)
        self._first_split = np.cumsum([before, *(len(one["borders"]) for one in self._ctrs)])
        self._place: dict[int, tuple[int, int]] = {}  # of each split by categories, by its number
        self._alone: list[Mapping[str, Any]] = []
        self._owners: list[tuple[int, ...]] = []
        self._derived: dict[int, int] = {}

    def split(self, saved: Mapping[str, Any], place: tuple[int, int] | None = None) -> Split:
        """A split of a tree.

        Args:
            saved: the split.
            place: indices of a symmetric tree and of the split in it; None in another tree.

        Raises:
            NotCovered: it is by texts or embeddings.
        """
        kind = saved["split_type"]
        if kind == "FloatFeature":
            feature = saved["float_feature_index"]
            decision = NAN_IS_MISSING | (0 if self._nan_goes_right[feature] else DEFAULT_LEFT)
            return self._column[feature], saved["border"], decision
        if kind not in ("OneHotFeature", "OnlineCtr"):
            raise NotCovered(f"a split is a {kind}")
        number = saved["split_index"]
        if number not in self._derived:
            self._derived[number] = self._features + len(self._owners)
            if place is None:
                place = len(self._alone), 0
                self._alone.append(saved)
            self._place[number] = place
            self._owners.append(
                (self._category[saved["cat_feature_index"]],)
                if kind == "OneHotFeature"
                else self._owners_of(number, saved["border"])
            )
        return self._derived[number], PASSES, NAN_IS_MISSING

    @property
    def stumps(self) -> list[Mapping[str, Any]]:
        """Symmetric trees of one split each: those by categories in trees of another shape.

        The leaf that a row reaches in such a tree tells its path alone. With these trees CatBoost
        decides all splits.
        """
        return [
            {"splits": [split], "leaf_values": [0.0, 1.0], "leaf_weights": [1.0, 1.0]}
            for split in self._alone
        ]

    def derived(self, leaves: Callable[[Matrix], Integers]) -> DerivedColumns:
        """The columns of the splits by categories that were read.

        Args:
            leaves: indices of the leaves of rows, shape (m, n), in the symmetric trees of the model
                or in `stumps`, shape (m, trees).
        """
        places = np.array(list(self._place.values()), np.int64).reshape(-1, 2)

        def decisions(rows: Matrix) -> Matrix:
            if not len(places):
                return np.empty((len(rows), 0))
            bits = leaves(rows)[:, places[:, 0]] >> places[:, 1] & 1
            return bits.astype(np.float64)

        return DerivedColumns(
            self._features,
            tuple(self._owners),
            decisions,
            self._split_points(),
            frozenset(self._category.values()),
        )

    def _owners_of(self, number: int, border: float) -> tuple[int, ...]:
        """The categorical features of a CTR, by the number of one of its splits.

        As in ``ShapValues``, a test of a number or of one category inside it has no owner.
        """
        ctr = int(np.searchsorted(self._first_split, number, "right")) - 1
        borders = self._ctrs[ctr]["borders"] if 0 <= ctr < len(self._ctrs) else ()
        at = number - int(self._first_split[ctr])
        if not 0 <= at < len(borders) or borders[at] != border:
            raise NotCovered("a split is by an unknown statistic")
        return tuple(
            sorted(
                {
                    self._category[one["cat_feature_index"]]
                    for one in self._ctrs[ctr]["elements"]
                    if one["combination_element"] == "cat_feature_value"
                }
            )
        )

    def _split_points(self) -> dict[int, Matrix]:
        """The borders of numbers in combinations, by column."""
        borders = defaultdict(list)
        for ctr, (first, end) in zip(self._ctrs, pairwise(self._first_split), strict=True):
            if any(number in self._derived for number in range(first, end)):
                for one in ctr["elements"]:
                    if "float_feature_index" in one:
                        borders[self._column[one["float_feature_index"]]].append(one["border"])
        return {column: np.unique(largest_doubles(np.array(at))) for column, at in borders.items()}
