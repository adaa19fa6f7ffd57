"""Fit a model on split clients, and write the folder that the service loads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import ID, TARGET
from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from training.audit import audit
from training.calibration import SCALE, calibrate, calibrated, calibration_figures, grades
from training.fitting import cheapest_threshold, cross_validate, fit, unfitted
from training.quality import quality
from training.table import Split
from training.writing import describe, write


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelFolder:
    """A folder to be made.

    Attributes:
        out: the folder, which exists.
        parts: the clients.
        audited: columns by whose groups decisions are compared beside the protected features; one
            client per row, with the index of `parts`.
        content: of `features.csv`.
        dictionary: read from it.
        source: the origin of the clients.
        seed: the same seed gives the same predictions.
        with_joblib: true to write ``model.joblib`` as well.
        accepted: the share of the training clients to accept; None for the threshold of least cost.
        settings: of the classifier, in place of those of `fitting.unfitted`.
    """

    out: Path
    parts: Split
    audited: pd.DataFrame
    content: bytes
    dictionary: FeatureDictionary
    source: str
    seed: int
    with_joblib: bool = False
    accepted: float | None = None
    settings: Mapping[str, object] = field(default_factory=dict)

    def make(self) -> dict[str, Any]:
        """Fit the model and write the files; gives the content of `model.json`.

        Raises:
            BadFile: the service does not accept a file; no file of the folder was changed.
            OSError: a file cannot be written.
        """
        training = self.parts.training
        pipeline = unfitted(training.drop(columns=[ID, TARGET]), self.seed)
        pipeline["classifier"].set_params(**self.settings)
        trees, out_of_fold = cross_validate(pipeline, training, self.seed)
        if self.accepted is None:
            threshold = cheapest_threshold(training[TARGET].to_numpy(), out_of_fold)
        else:
            threshold = round(float(np.quantile(out_of_fold, self.accepted)), 3)
        pipeline = fit(pipeline.set_params(classifier__n_estimators=trees), training)

        held_out = pd.concat([self.parts.reference, self.parts.new])
        target = held_out[TARGET].to_numpy()
        probability = pipeline.predict_proba(held_out)[:, 1]
        figures: dict[str, Any] = quality(held_out, probability, threshold)
        scale: dict[str, Any] = {}
        if calibration := calibrate(training[TARGET].to_numpy(), out_of_fold):
            bounds = grades(calibrated(out_of_fold, calibration))
            scale = {"calibration": calibration, "scale": SCALE, "grades": bounds}
            figures |= calibration_figures(target, calibrated(probability, calibration))
        traits = held_out[[feature.name for feature in self.dictionary.protected]]
        traits = traits.join(self.audited.loc[held_out.index])
        figures |= {"groups": audit(traits, target, probability >= threshold)}
        metadata = describe(self.source, self.parts, trees, threshold, figures) | scale
        return write(
            self.out, pipeline, self.parts, metadata, self.content, with_joblib=self.with_joblib
        )
