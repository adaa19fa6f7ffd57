"""Write the folder that the service loads, and the report about it."""

import hashlib
import json
import platform
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import joblib
import skops.io
from sklearn.pipeline import Pipeline

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    ID,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    SKOPS_FILE,
    TARGET,
)
from credit_scoring.data.table_files.csv_tables import quoting_of
from credit_scoring.model.loader import load
from training.quality import COST_MISSED_DEFAULT
from training.table import Split

USED = ("scikit-learn", "lightgbm", "pandas", "numpy", "joblib")


def describe(
    source: str, parts: Split, trees: int, threshold: float, quality: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of `model.json` without the hashes of the other files.

    Args:
        source: the origin of the clients.
        parts: the clients.
        trees: the number of trees.
        threshold: the decision threshold, a probability.
        quality: figures on the held-out clients.
    """
    return {
        "threshold": threshold,
        "trained": datetime.now(UTC).date().isoformat(),
        "source": source,
        "training_clients": len(parts.training),
        "trees": trees,
        "quality": quality,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in USED},
    }


def write(
    out: Path,
    pipeline: Pipeline,
    parts: Split,
    metadata: dict[str, Any],
    dictionary: bytes,
    *,
    with_joblib: bool,
) -> dict[str, Any]:
    """Write the files if the service accepts them. Other files of the folder stay as they are.

    Args:
        out: an existing folder. If it has a ``model.joblib``, that is replaced too: otherwise the
            service would open the old one.
        pipeline: fitted.
        parts: the clients; the training clients are not written.
        metadata: as `describe` gives it, perhaps with a calibration, a scale and grades.
        dictionary: the content of `features.csv`.
        with_joblib: true to write the model as ``model.joblib`` beside ``model.skops``.

    Returns:
        The content of `model.json`: the metadata with the SHA-256 of the other files.

    Raises:
        BadFile: the service does not accept a file, or scores a reference client differently; no
            file of the folder was changed.
        OSError: a file cannot be written.
    """
    features = parts.reference.columns.drop([ID, TARGET])
    probability = pipeline.predict_proba(parts.reference[features])[:, 1]
    reference = parts.reference[[ID, *features, TARGET]].copy()
    reference[PROBA] = probability
    with tempfile.TemporaryDirectory(prefix=".train-", dir=out) as name:
        folder = Path(name)
        skops.io.dump(pipeline, folder / SKOPS_FILE, compression=ZIP_DEFLATED)
        models = [SKOPS_FILE]
        if with_joblib or (out / MODEL_FILE).exists():
            joblib.dump(pipeline, folder / MODEL_FILE, compress=3)
            models.insert(0, MODEL_FILE)
        for file, table in ((REFERENCE_FILE, reference), (NEW_FILE, parts.new[[ID, *features]])):
            table.to_csv(folder / file, lineterminator="\n", quoting=quoting_of(table))
        (folder / FEATURES_FILE).write_bytes(dictionary)
        hashes = {
            file: hashlib.sha256((folder / file).read_bytes()).hexdigest()
            for file in (*models, REFERENCE_FILE, NEW_FILE, FEATURES_FILE)
        }
        metadata = metadata | {"sha256": hashes}
        (folder / METADATA_FILE).write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")
        _check(folder, models)
        # Each file appears whole. The hashes come first: a service that starts meanwhile refuses
        # the mixture of old and new files.
        for file in (METADATA_FILE, *hashes):
            (folder / file).replace(out / file)
    return metadata


def _check(folder: Path, models: Sequence[str]) -> None:
    """Load the folder with each of its model files, as if it had no other.

    Raises:
        BadFile: the service does not accept a file.
    """
    for model in models:
        others = [folder / name for name in models if name != model]
        aside = [file.rename(file.with_suffix(".aside")) for file in others]
        load(folder)
        for file, path in zip(others, aside, strict=True):
            path.rename(file)


def report(out: Path, parts: Split, metadata: dict[str, Any]) -> str:
    """The report of a folder, in lines; `metadata` is the result of `write`."""
    sizes = [len(part) for part in parts]
    figures = metadata["quality"]
    lines = [
        f"clients    {sum(sizes):,}: {sizes[0]:,} training, {sizes[1]:,} reference,"
        f" {sizes[2]:,} new; {parts.training.shape[1] - 2} features",
        f"defaults   {figures['default_rate']:.2%} of the held-out clients (reference and new)",
        f"AUC        {figures['auc']:.3f} on them, 95 % interval {figures['auc_95_low']:.3f} to"
        f" {figures['auc_95_high']:.3f}, with {metadata['trees']} trees",
        f"threshold  {metadata['threshold']:.3f}, of least cost where a missed default costs"
        f" {COST_MISSED_DEFAULT} refused good clients",
        f"cost       {figures['cost_per_client']:.3f} per client;"
        f" {figures['cost_per_client_at_0.5']:.3f} at threshold 0.5,"
        f" {figures['cost_per_client_accepting_all']:.3f} accepting all",
    ]
    if "brier" in figures:
        lines.append(
            f"Brier      {figures['brier']:.4f} of the calibrated probability;"
            f" {figures['brier_of_default_rate']:.4f} if everybody had the share of defaults"
        )
    else:
        lines.append("Brier      none: scores out of fold do not rank the training clients")
    for column, groups in figures.get("groups", {}).items():
        worst = min(groups, key=lambda group: group["ratio_to_best"] or 0)
        if worst["ratio_to_best"] is not None:
            lines.append(
                f"groups     {column}: {worst['group'] or 'without a value'} is accepted"
                f" {worst['ratio_to_best']:.2f} times as often as the best-off group"
            )
    for file, sha256 in metadata["sha256"].items():
        size = (out / file).stat().st_size
        lines.append(f"{size:>10,} bytes  {out / file}  SHA-256 {sha256}")
    return "\n".join(lines)
