"""Every route for every client and feature, from a started server, against pandas and the pipeline.

    python -m tests.experiments.service.every_answer

Three folders: the one that `RESSOURCES_DIR` names (or the shipped one), the same with a random
forest, and the same with some features as text and a pipeline that encodes them. Prints how many
answers were compared. Ends with 1 where one is wrong.
"""

import json
import math
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import joblib
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from credit_scoring.data.artifacts import FEATURES_FILE, ID, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from tests.support.bundles.folders import metadata_of, without_probabilities, write_metadata
from tests.support.servers.server import RESSOURCES, Server
from tests.support.tables import cells, null, value

NOT_FEATURES = {"", "Unnamed: 0", ID, "TARGET", "proba"}
AS_TEXT = 5  # features that become text
TOLERANCE = 1e-9


def with_forest(folder: Path, out: Path) -> None:
    """Another classifier behind the same transformer."""
    shutil.copytree(folder, out)
    known = pd.read_csv(out / REFERENCE_FILE)
    transformer = joblib.load(out / MODEL_FILE)[0]
    forest = RandomForestClassifier(50, max_depth=9, random_state=0, n_jobs=1)
    forest.fit(np.asarray(transformer.transform(known)), known["TARGET"])
    joblib.dump(make_pipeline(transformer, forest), out / MODEL_FILE)
    without_probabilities(out)
    write_metadata(out)


def with_text(folder: Path, out: Path) -> None:
    """Some features as text in both tables, and a pipeline that encodes them."""
    shutil.copytree(folder, out)
    (out / FEATURES_FILE).unlink(missing_ok=True)  # its formulas compute with what is text now
    tables = {name: pd.read_csv(out / name) for name in (REFERENCE_FILE, NEW_FILE)}
    features = [name for name in tables[REFERENCE_FILE] if name not in NOT_FEATURES]
    numbers = tables[REFERENCE_FILE][features].select_dtypes("number")
    texts = numbers.columns[numbers.nunique() > 9][:AS_TEXT].tolist()
    for name in texts:
        low, high = tables[REFERENCE_FILE][name].quantile([0.3, 0.7])
        for table in tables.values():
            words = np.select(
                [table[name] < low, table[name] < high], ["low, é", 'mid "q"'], "high"
            )
            table[name] = pd.Series(words, table.index).mask(table[name].isna())
    for name, table in tables.items():
        table.to_csv(out / name, index=False)
    known = pd.read_csv(out / REFERENCE_FILE)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    pipeline = make_pipeline(
        ColumnTransformer([("texts", encoder, texts)], remainder="passthrough"),
        LGBMClassifier(n_estimators=50, verbose=-1, n_jobs=1),
    )
    joblib.dump(pipeline.fit(known[features], known["TARGET"]), out / MODEL_FILE)
    without_probabilities(out)
    write_metadata(out)


def short_names(pipeline: Pipeline) -> list[str]:
    """The transformer's names less one prefix, where that leaves each a name of its own."""
    full = [str(name) for name in pipeline[0].get_feature_names_out()]
    if not isinstance(pipeline[0], ColumnTransformer) or not pipeline[0].verbose_feature_names_out:
        return full
    short = [name.partition("__")[2] for name in full]
    counts = Counter(short)
    return [name if counts[name] == 1 else whole for whole, name in zip(full, short, strict=True)]


class AnswerComparison:
    """Answers of one server against what they should be."""

    def __init__(self, folder: Path, http: httpx.Client) -> None:
        """Take the folder and a client of its server."""
        self.folder, self.http = folder, http
        self.compared: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def check(self, route: str, right: bool) -> None:
        self.compared[route] += 1
        self.wrong[route] += not right

    def get(self, path: str, parameter: object = None) -> Any:
        query = {} if parameter is None else {"param_name": parameter}
        answer = self.http.get(path, params=query)
        return answer.json() if answer.status_code == 200 else {"data": "null"}

    def run(self) -> None:
        """Ask everything."""
        pipeline = joblib.load(self.folder / MODEL_FILE)
        if hasattr(pipeline[1], "n_jobs"):
            pipeline[1].n_jobs = 1
        new = list(cells(self.folder / NEW_FILE).values())
        reference = list(cells(self.folder / REFERENCE_FILE).values())
        features = [name for name in reference[0] if name not in NOT_FEATURES]
        frame = pd.read_csv(self.folder / NEW_FILE)
        inputs = frame[list(getattr(pipeline, "feature_names_in_", features))]
        rows = np.asarray(pipeline[0].transform(inputs), float)
        names = short_names(pipeline)
        probabilities = pipeline.predict_proba(inputs)[:, 1].tolist()
        threshold = metadata_of(self.folder)["threshold"]
        self.check("/get_ids", self.get("/get_ids") == {"data": [int(row[ID]) for row in new]})
        self.check("/get_feat", self.get("/get_feat") == {"data": features})
        for row, values, probability in zip(new, rows.tolist(), probabilities, strict=True):
            record = null(dict(zip(names, values, strict=True)))
            raw = {name: value(row[name]) for name in features}
            self.check("/get_test", json.loads(self.get("/get_test", row[ID])["data"]) == raw)
            text = self.get("/get_json", row[ID])["data"]
            self.check("/get_json", json.loads(text) == record)
            expected = {
                "probability": probability,
                "prediction": int(probability >= threshold),
                "threshold": threshold,
            }
            for method in ("GET", "POST"):
                answer = self.http.request(method, "/prediction/", content=text)
                self.check(f"{method} /prediction/", answer.json() == expected)
            self.check("/get_shap", self.explains(pipeline, row[ID], record, probability))
        for feature in features:
            by_class = [
                [value(row[feature]) for row in reference if row["TARGET"] == of and row[feature]]
                for of in "01"
            ]
            right = dict(zip(("feat0", "feat1"), by_class, strict=True))
            self.check("/get_kde", self.get("/get_kde", feature) == right)
        self.check("/health", self.get("/health").get("status") == "ok")
        self.check("/model", self.get("/model").get("new_clients") == len(new))

    def explains(
        self, pipeline: Pipeline, client_id: str, record: dict[str, Any], probability: float
    ) -> bool:
        """Whether an explanation is of that record, and adds up."""
        answer = self.get("/get_shap", client_id)
        if answer.get("feat") != list(record) or answer["data"] != [list(record.values())]:
            return False
        output = answer["base"][0] + math.fsum(answer["values"][0])
        if isinstance(pipeline[1], LGBMClassifier):
            row = np.array([list(record.values())], dtype=float)
            margin = pipeline[1].booster_.predict(row, raw_score=True, num_threads=1)[0]
            if abs(output - margin) > TOLERANCE:
                return False
            output = 1 / (1 + math.exp(-output))
        return abs(output - probability) <= TOLERANCE


def main() -> int:
    scratch = Path(tempfile.mkdtemp(prefix="credit-scoring-"))
    with_forest(RESSOURCES, scratch / "forest")
    with_text(RESSOURCES, scratch / "text")
    wrong = 0
    for name, folder in (
        ("as it is", RESSOURCES),
        ("random forest", scratch / "forest"),
        ("text", scratch / "text"),
    ):
        with Server(folder) as server, httpx.Client(base_url=server.url, timeout=60) as http:
            comparison = AnswerComparison(folder, http)
            comparison.run()
        print(f"{name}: {comparison.compared.total()} answers, {comparison.wrong.total()} wrong")
        for route, count in sorted(comparison.compared.items()):
            print(f"  {route:17} {count:6} compared, {comparison.wrong[route]} wrong")
        wrong += comparison.wrong.total()
    shutil.rmtree(scratch)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
