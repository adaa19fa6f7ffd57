"""The plain design: the service's routes, written the way such services usually are.

The model is unpickled for each prediction, a record becomes a DataFrame of one row, SHAP values are
computed anew for each request, and the values of a class are what is left of the table without the
rows of the other. Threads are the one thing that is not left to chance: LightGBM gets one.
"""

import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import shap
from fastapi import Depends, FastAPI
from lightgbm import LGBMClassifier
from sklearn.pipeline import Pipeline

FOLDER = Path(os.environ.get("RESSOURCES_DIR", Path(__file__).parent.parent / "ressources"))
THRESHOLD = 0.40


def load_pipeline() -> Pipeline:
    """The pipeline from its file."""
    pipeline = joblib.load(FOLDER / "model.joblib")
    pipeline[1].set_params(n_jobs=1)
    return pipeline


def load_model() -> LGBMClassifier:
    """The classifier from its file."""
    model: LGBMClassifier = load_pipeline()[1]
    return model


pipeline = load_pipeline()
reference = pd.read_csv(FOLDER / "train_samp.csv")
new = pd.read_csv(FOLDER / "test_samp.csv").set_index("SK_ID_CURR")
not_features = ["Unnamed: 0", "SK_ID_CURR", "TARGET", "proba"]
features = reference.columns.drop(not_features, errors="ignore").tolist()
new = new[features]
transformed = pd.DataFrame(
    pipeline[0].transform(new), columns=pipeline[0].get_feature_names_out(), index=new.index
)
solvent = reference.index[reference["TARGET"] == 0].tolist()
in_default = reference.index[reference["TARGET"] == 1].tolist()

app = FastAPI()


@app.get("/get_ids")
def get_ids() -> dict[str, list[int]]:
    """Ids of the new clients."""
    return {"data": new.index.tolist()}


@app.get("/get_feat")
def get_feat() -> dict[str, list[str]]:
    """Names of the features."""
    return {"data": features}


@app.get("/get_test")
def get_test(param_name: int) -> dict[str, str]:
    """A client's raw record."""
    return {"data": new.loc[param_name].to_json()}


@app.get("/get_json")
def get_json(param_name: int) -> dict[str, str]:
    """A client's transformed record."""
    return {"data": transformed.loc[param_name].to_json(double_precision=15)}


@app.get("/prediction/")
@app.post("/prediction/")
def prediction(
    record: dict[str, Any],
    model: LGBMClassifier = Depends(load_model),  # noqa: B008 - FastAPI's way
) -> dict[str, float]:
    """Probability of default."""
    row = pd.Series(record).to_frame().transpose().astype(float)
    probability = float(model.predict_proba(row)[:, 1][0])
    return {
        "probability": probability,
        "prediction": int(probability >= THRESHOLD),
        "threshold": THRESHOLD,
    }


@app.post("/score")
def score(application: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Probability of default, for a raw record."""
    row = pd.DataFrame([application["record"]])[features].astype(new.dtypes)
    probability = float(pipeline.predict_proba(row)[0, 1])
    return {"probability": probability, "prediction": int(probability >= THRESHOLD)}


@app.get("/get_shap")
def get_shap(param_name: int) -> dict[str, list[Any]]:
    """Why a client scores as it does."""
    row = transformed.loc[[param_name]]
    explainer = shap.TreeExplainer(pipeline[1])
    return {
        "values": explainer.shap_values(row).tolist(),
        "feat": row.columns.tolist(),
        "data": row.astype(object).where(row.notna(), None).to_numpy().tolist(),
        "base": [float(explainer.expected_value)],
    }


@app.get("/get_kde")
def get_kde(param_name: str) -> dict[str, list[float]]:
    """A feature among those who paid and those who did not."""
    return {
        "feat0": reference.drop(in_default)[param_name].dropna().tolist(),
        "feat1": reference.drop(solvent)[param_name].dropna().tolist(),
    }


@app.get("/health")
def health() -> dict[str, str]:
    """Whether it runs."""
    return {"status": "ok"}
