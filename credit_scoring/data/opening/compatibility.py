"""Private names and attributes that scikit-learn 1.1 to 1.8 pickled and 1.9 lacks.

They are supplied only if a file was written by another version than the installed one, so that its
objects can be asked at all. Nothing here shows that they answer as before: the loader compares
their probabilities with those that the file's makers stored.
"""

import re
from collections import UserList
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from inspect import Parameter, signature
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics._scorer import _Scorer
from sklearn.preprocessing import FunctionTransformer, LabelEncoder
from sklearn.utils import check_array

Version = tuple[int, int]


class NoLongerComputed(Exception):
    """A model of another version that the installed scikit-learn would score differently."""


# Names


class RemovedLoss:
    """A loss of gradient boosting before scikit-learn 1.4; `repair` replaces it."""


class RemainderColumns(UserList[Any]):
    """The columns of a remainder in scikit-learn 1.5 and 1.6; `repair` replaces it by a list."""


def remade_loss(kind: Callable[..., Any], _: int, parameters: tuple[float, ...] | None) -> Any:
    """A compiled loss, which scikit-learn up to 1.6 pickled by a function that Cython made.

    Args:
        kind: its class.
        _: the checksum of its layout in that version.
        parameters: the arguments of its class.
    """
    return kind(*(parameters or ()))


def default_scorer(estimator: Any, *args: Any, **options: Any) -> Any:
    """The score of an estimator by its own method; a search up to scikit-learn 1.2 pickled it."""
    return estimator.score(*args, **options)


# The scorers that a search up to scikit-learn 1.3 pickled, with the methods that they ask.
_SCORERS: Mapping[str, str | tuple[str, ...]] = {
    "_PredictScorer": "predict",
    "_ProbaScorer": "predict_proba",
    "_ThresholdScorer": ("decision_function", "predict_proba"),
}
_LOSSES = "sklearn._loss._loss"
_NAMES: Mapping[tuple[str, str], Any] = {
    ("sklearn.compose._column_transformer", "_RemainderColsList"): RemainderColumns,  # 1.5, 1.6
    ("sklearn.metrics._scorer", "_passthrough_scorer"): default_scorer,  # up to 1.2
    **{
        ("sklearn.metrics._scorer", name): type(name, (_Scorer,), {"_response_method": methods})
        for name, methods in _SCORERS.items()
    },
}


def find_name(module: str, name: str) -> Any | None:
    """The substitute for a name that scikit-learn no longer has; None if there is none."""
    if (module, name) in _NAMES:
        return _NAMES[module, name]
    if module == "sklearn.ensemble._gb_losses":  # up to 1.3
        return RemovedLoss
    if module in ("_loss", _LOSSES) and name.startswith("__pyx_unpickle_"):  # up to 1.6
        return remade_loss
    if module == "_loss":  # 1.5 to 1.8 compiled this module outside of its package
        return getattr(import_module(_LOSSES), name, None)
    return None


# States and attributes


def with_missing_values(nodes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The nodes of a decision tree, with the field that scikit-learn 1.3 added.

    A tree without the field was not fitted on missing values. As in later trees of that kind, a
    missing value goes to the child with more clients.

    Args:
        nodes: shape (nodes,), one record each.
    """
    if nodes.dtype.names is None or "missing_go_to_left" in nodes.dtype.names:
        return nodes
    dtype = import_module("sklearn.tree._tree").NODE_DTYPE
    completed = np.zeros(nodes.shape, dtype)
    for field in nodes.dtype.names:
        completed[field] = nodes[field]
    clients, is_inner = nodes["n_node_samples"], nodes["left_child"] >= 0
    left, right = nodes["left_child"][is_inner], nodes["right_child"][is_inner]
    completed["missing_go_to_left"][is_inner] = clients[left] > clients[right]
    return completed


_ARGUMENTS: Mapping[str, str] = {"force_all_finite": "ensure_all_finite"}  # by scikit-learn 1.6
_RENAMED: Mapping[str, str] = {"base_estimator": "estimator", "sparse": "sparse_output"}  # 1.2


def repair_state(built: object, state: object) -> None:
    """Change the pickled state of an object of scikit-learn so that its class accepts the state.

    Args:
        built: the object, without its state.
        state: changed in place.
    """
    kind = type(built)
    if not kind.__module__.startswith("sklearn.") or not isinstance(state, dict):
        return
    if kind.__name__ == "Tree":
        state["nodes"] = with_missing_values(state["nodes"])
    for before, now in _RENAMED.items():
        if before in state:
            state.setdefault(now, state[before])


def _impute_as_before(imputer: Any) -> None:
    imputer._fill_dtype = imputer.statistics_.dtype
    if imputer.strategy == "constant":  # then no column was dropped
        imputer.keep_empty_features = True


def _marking_empty_columns(imputer: Any) -> None:
    imputer._is_empty_feature = np.isnan(imputer.initial_imputer_.statistics_)


def _unmarked_columns(transformer: Any) -> None:
    """Replace the columns of a remainder by plain lists."""

    def plain(entry: Any) -> Any:
        name, step, columns = entry
        return name, step, list(columns.data) if isinstance(columns, RemainderColumns) else columns

    transformer.transformers_ = [plain(entry) for entry in transformer.transformers_]
    transformer._remainder = plain(transformer._remainder)


def _fitted_passthrough(transformer: Any) -> None:
    """Replace "passthrough" by the fitted step that later versions put in its place."""
    names = getattr(transformer, "feature_names_in_", None)

    def fitted(entry: Any) -> Any:
        name, step, columns = entry
        if step != "passthrough":
            return entry
        indices = transformer._transformer_to_input_indices[name]
        step = FunctionTransformer(
            accept_sparse=True, check_inverse=False, feature_names_out="one-to-one"
        )
        step.n_features_in_ = len(indices)
        if names is not None:
            step.feature_names_in_ = names[indices]
        return name, step, columns

    transformer.transformers_ = [fitted(entry) for entry in transformer.transformers_]


def _renamed_argument(transformer: Any) -> None:
    """Rename an argument of `check_array`, which HistGradientBoosting hands numbers through."""
    function = transformer.func
    if isinstance(function, partial) and function.func is check_array:
        options = {_ARGUMENTS.get(name, name): value for name, value in function.keywords.items()}
        transformer.func = partial(check_array, **options)


def _fractions(classifier: Any) -> None:
    """Turn the weights of the classes in each node of a decision tree into fractions."""
    values = classifier.tree_.value
    totals = values.sum(axis=2, keepdims=True)
    values /= np.where(totals == 0.0, 1.0, totals)


def _same_loss(boosting: Any) -> None:
    if boosting.loss == "deviance":  # the name of the loss up to 1.2
        boosting.loss = "log_loss"
    boosting._loss = boosting._get_loss(sample_weight=None)


def _without_infrequent(encoder: Any) -> None:
    encoder._infrequent_enabled = False


def _ungrouped(encoder: Any) -> None:
    encoder._drop_idx_after_grouping = encoder.drop_idx_


def _without_preprocessor(boosting: Any) -> None:
    boosting._preprocessor = None


def _counting_features(indicator: Any) -> None:
    indicator.n_features_in_ = indicator._n_features


def _encoding_classes(stacking: Any) -> None:
    stacking._label_encoder = LabelEncoder().fit(stacking.classes_)


def _no_longer_computed(boosting: Any) -> None:
    """Refuse an AdaBoost that this scikit-learn would score by another algorithm.

    Raises:
        NoLongerComputed: it was fitted by SAMME.R.
    """
    if boosting.algorithm == "SAMME.R":
        raise NoLongerComputed(
            "its AdaBoostClassifier was fitted by SAMME.R, which scikit-learn no longer has:"
            ' fit it again with algorithm="SAMME"'
        )


class Repair(NamedTuple):
    """A change to estimators of one class.

    Attributes:
        before: the version of scikit-learn from which on it is not needed.
        attribute: an estimator without it is not fitted, and stays as it is.
        change: is applied to the estimator.
    """

    before: Version
    attribute: str
    change: Callable[[Any], None]


_HISTOGRAM = Repair((1, 4), "_predictors", _without_preprocessor)
_TREE = Repair((1, 4), "tree_", _fractions)
_REPAIRS: Mapping[str, Sequence[Repair]] = {
    "AdaBoostClassifier": [Repair((1, 8), "algorithm", _no_longer_computed)],
    "ColumnTransformer": [
        Repair((1, 4), "transformers_", _fitted_passthrough),
        Repair((1, 7), "transformers_", _unmarked_columns),
    ],
    "DecisionTreeClassifier": [_TREE],
    "ExtraTreeClassifier": [_TREE],
    "FunctionTransformer": [Repair((1, 6), "func", _renamed_argument)],
    "GradientBoostingClassifier": [Repair((1, 4), "estimators_", _same_loss)],
    "HistGradientBoostingClassifier": [_HISTOGRAM],
    "MissingIndicator": [Repair((1, 9), "_n_features", _counting_features)],
    "IterativeImputer": [Repair((1, 6), "initial_imputer_", _marking_empty_columns)],
    "OneHotEncoder": [Repair((1, 2), "drop_idx_", _ungrouped)],
    "OrdinalEncoder": [Repair((1, 3), "categories_", _without_infrequent)],
    "SimpleImputer": [
        Repair((1, 8), "statistics_", _impute_as_before),
    ],
    "StackingClassifier": [Repair((1, 2), "classes_", _encoding_classes)],
}


def repair(built: object, version: str) -> None:
    """Give an estimator of another scikit-learn the attributes that it lacks here.

    Args:
        built: unpickled.
        version: the scikit-learn that wrote it.

    Raises:
        NoLongerComputed: the installed scikit-learn would score it by another algorithm.
    """
    for name, parameter in signature(type(built)).parameters.items():
        if name not in vars(built) and parameter.default is not Parameter.empty:
            setattr(built, name, parameter.default)  # added since, with the former behaviour
    if number := re.match(r"(\d+)\.(\d+)", version):
        written = int(number[1]), int(number[2])
        for repair in _REPAIRS.get(type(built).__name__, ()):
            if written < repair.before and hasattr(built, repair.attribute):
                repair.change(built)
