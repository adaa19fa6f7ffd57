"""The types that ``model.skops`` may hold, beyond those that skops itself trusts.

skops trusts most estimators of scikit-learn, arrays, data types and functions of NumPy and SciPy,
and plain containers. A type stands here only if a file that names it cannot choose code to run:

- A booster is built by the parser of its library, from bytes that hold numbers and names. Damaged
  ones may end the process.
- Calibrators, optimizers and scorers hold numbers, and have no state but these.

Left out are:

- ``sklearn.tree._tree.Tree`` and ``TreePredictor``, as skops advises: their arrays hold indices
  that scikit-learn follows without a check. Forests and scikit-learn's gradient boosting
  need ``model.joblib``.
- Functions and ``functools.partial``, and so a ``FunctionTransformer`` of anyone's own function: a
  name of a function is as good as code.
- Classes of the makers' own modules: whoever writes the file would choose the code.
"""

TRUSTED: tuple[str, ...] = (
    "catboost.core.CatBoostClassifier",
    "collections.OrderedDict",
    "collections.defaultdict",
    "imblearn.pipeline.Pipeline",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.utils._bunch.Bunch",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
)
