"""Folders as other teams have them: tables as texts, and pipelines fitted on pandas' own types."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import joblib
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.pipeline import Pipeline

from credit_scoring.data.artifacts import ID, MODEL_FILE, NEW_FILE, REFERENCE_FILE, TARGET
from main import create_app
from service.settings import Settings
from tests.support.servers.inprocess import prepared_client

REFERENCE_CLIENTS, NEW_CLIENTS = 240, 40

Typed = Callable[[pd.DataFrame], pd.DataFrame]


def cells_of(clients: int, seed: int) -> pd.DataFrame:
    """Clients as the texts of their cells; the outcome depends on each column."""
    random = np.random.default_rng(seed)
    risk = random.normal(size=clients)
    branch = np.array(["01000", "02000", "03000", "04000"])[np.clip(risk + 2, 0, 3).astype(int)]
    suite = np.where(risk > 0.4, "Children", np.where(risk < -0.6, "Family", ""))
    return pd.DataFrame(
        {
            "EXT": (risk + random.normal(size=clients)).round(6).astype(str),
            "AGE": random.integers(20, 70, clients).astype(str),
            "BRANCH": branch,
            "SUITE": suite,
            "OWNER": np.where(risk > random.normal(size=clients), "True", "False"),
            "CHILDREN": np.array(["0", "1", "2", "3", "5"])[random.integers(0, 5, clients)],
            TARGET: np.where(risk + random.normal(size=clients) > 0.8, "1", "0"),
        }
    )


def typed(cells: pd.DataFrame, **texts: str) -> pd.DataFrame:
    """Cells as a team reads them: codes and texts as text, all else as pandas finds it."""
    kinds: dict[str, Any] = {"EXT": float, "AGE": int, "CHILDREN": int, **texts}
    frame = cells.drop(columns=TARGET, errors="ignore").astype(kinds)
    if "OWNER" in frame:
        frame["OWNER"] = frame["OWNER"] == "True"
    if "SUITE" in frame:
        frame["SUITE"] = frame["SUITE"].where(frame["SUITE"] != "", np.nan).astype("str")
    return frame


def lightgbm(**parameters: Any) -> LGBMClassifier:
    return LGBMClassifier(
        n_estimators=25, num_leaves=7, min_child_samples=5, random_state=0, n_jobs=1, verbose=-1,
        **parameters,
    )  # fmt: skip


class ForeignModel:
    """A folder, and the probabilities that its pipeline gives to typed clients."""

    def __init__(
        self,
        path: Path,
        pipeline: Pipeline,
        as_fitted: Typed = typed,
        change_new: Typed = pd.DataFrame.copy,
        change_reference: Typed = pd.DataFrame.copy,
        is_fitted: bool = False,
        expected: Callable[[pd.DataFrame], np.ndarray] | None = None,
    ) -> None:
        """Fit a pipeline and write the files.

        Args:
            path: a folder that is not there yet.
            pipeline: of two steps.
            as_fitted: the type of each column that the pipeline is fitted on.
            change_new: changes the cells of the new clients.
            change_reference: changes the cells of the reference clients once it is fitted.
            is_fitted: true for a pipeline that is fitted already.
            expected: the probabilities of cells; those of the pipeline.
        """
        path.mkdir()
        self.path, self.pipeline = path, pipeline
        reference = cells_of(REFERENCE_CLIENTS, 1)
        self.cells = change_new(cells_of(NEW_CLIENTS, 2).drop(columns=TARGET))
        if not is_fitted:
            pipeline.fit(as_fitted(reference), reference[TARGET].astype(int))
        joblib.dump(pipeline, path / MODEL_FILE)
        self.ids = list(range(2001, 2001 + NEW_CLIENTS))
        write(
            path / REFERENCE_FILE, change_reference(reference), range(1001, 1001 + len(reference))
        )
        write(path / NEW_FILE, self.cells, self.ids)
        expected = expected or (lambda cells: pipeline.predict_proba(as_fitted(cells))[:, 1])
        self.expected: list[float] = expected(self.cells).tolist()

    def doors(self) -> dict[str, list[float]]:
        """The probability of each new client: by /prediction/, and by /score in two ways."""
        client = prepared_client(create_app(Settings(ressources_dir=self.path)))
        records = [record(client, "/get_test", number) for number in self.ids]
        return {
            "/prediction/": [
                client.post("/prediction/", json=record(client, "/get_json", number)).json()[
                    "probability"
                ]
                for number in self.ids
            ],
            "id": scored(client, [{"client": number} for number in self.ids]),
            "record": scored(client, [{"record": raw} for raw in records]),
            "record alone": [scored(client, {"record": raw})[0] for raw in records],
        }


def write(path: Path, cells: pd.DataFrame, ids: Any) -> None:
    cells.assign(**{ID: list(ids)}).to_csv(path, index=False)


def record(client: httpx.Client, path: str, number: int) -> dict[str, float | str | None]:
    """The raw or the transformed record of a client."""
    answer = client.get(path, params={"param_name": number})
    found: dict[str, float | str | None] = json.loads(answer.json()["data"])
    return found


def scored(client: httpx.Client, body: Any) -> list[float]:
    """The probabilities by `/score`."""
    answer = client.post("/score?reasons=0", json=body)
    assert answer.status_code == 200, answer.text
    found: list[Mapping[str, float]] = answer.json() if isinstance(body, list) else [answer.json()]
    return [one["probability"] for one in found]
