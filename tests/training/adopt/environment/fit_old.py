"""Run by an older Python environment: fit a classifier, and write it with its probabilities.

The arguments are the kind of classifier, the table as CSV, the model file and the file of
probabilities.
"""

import sys

import joblib
import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

NUMBERS = ["income", "age", "duration"]
CLASSIFIERS = {
    "logistic": lambda: LogisticRegression(),
    "forest": lambda: RandomForestClassifier(10, max_depth=4, random_state=0),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=10, random_state=0),
    "histogram": lambda: HistGradientBoostingClassifier(max_iter=10),
    "calibrated": lambda: CalibratedClassifierCV(LogisticRegression(), cv=3),
}


def main(kind, table, model_file, probability_file):
    rows = pd.read_csv(table)
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((numbers, NUMBERS), (encoder, ["home"]))
    model = make_pipeline(columns, CLASSIFIERS[kind]())
    model.fit(rows[[*NUMBERS, "home"]], (rows["Risk"] == "bad").astype(int))
    joblib.dump(model, model_file)
    np.save(probability_file, model.predict_proba(rows[[*NUMBERS, "home"]])[:, 1])


main(*sys.argv[1:])
