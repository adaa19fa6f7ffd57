"""The fitted models inside a classifier that ask them with its own input."""

from typing import Any


def inner_models(classifier: Any) -> list[Any]:
    """The fitted models that a calibrated, voting or stacking classifier asks with its own input.

    Empty for other classifiers.
    """
    kind = type(classifier).__name__
    if kind == "CalibratedClassifierCV":
        return [
            unwrapped(calibrated.estimator) for calibrated in classifier.calibrated_classifiers_
        ]
    if kind in ("VotingClassifier", "StackingClassifier"):
        return [unwrapped(estimator) for estimator in classifier.estimators_]
    inner = unwrapped(classifier)
    return [] if inner is classifier else [inner]


def unwrapped(classifier: Any) -> Any:
    """The classifier inside a frozen one, a search or one with a threshold, or the object itself.

    All of them hand on its probabilities.
    """
    for kind, name in (
        ("FrozenEstimator", "estimator"),
        ("TunedThresholdClassifierCV", "estimator_"),
        ("FixedThresholdClassifier", "estimator_"),
    ):
        if type(classifier).__name__ == kind:
            return unwrapped(getattr(classifier, name))
    if hasattr(classifier, "cv_results_") and hasattr(classifier, "best_estimator_"):
        return unwrapped(classifier.best_estimator_)
    return classifier
