"""Open a model with the libraries that wrote it, and compute its probabilities.

Run as a script by the Python of another environment, as old as 3.7: of our modules it imports only
`stored_model`, `model_formats` and `part_kinds`, which import no others. Its argument is a JSON
file, see `Job` in `foreign_model.py`. It answers in lines of JSON: first what the model says of
itself, then the path of an array of probabilities for each question, which names a table and its
columns of text.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def open_job(job: Mapping[str, Any]) -> Any:
    """The object in the model file of a job, which may need modules of the team.

    Classes that a script or notebook defined are in ``__main__.py``, and that stands for this
    script while the file is opened.
    """
    from training.adopt.environment.model_formats import open_file

    ours = sys.modules["__main__"]
    sys.path.insert(0, job["modules"])
    path = Path(job["modules"]) / "__main__.py"
    if path.is_file():
        theirs = types.ModuleType("team_main")
        sys.modules["__main__"] = theirs
        code = compile(path.read_bytes(), str(path), "exec")
        exec(code, theirs.__dict__)  # noqa: S102 - trusted as the pickle is
    model = open_file(job["format"], job["model"])
    sys.modules["__main__"] = ours
    return model


def read_frame(path: str, texts: Sequence[str]) -> Any:
    """The table, numbers as their nearest doubles."""
    options: dict[str, Any] = {"low_memory": False}
    if int(pd.__version__.split(".")[0]) < 3:  # later ones do so by themselves
        options["float_precision"] = "round_trip"
    return pd.read_csv(path, dtype=dict.fromkeys(texts, str), **options)


def main() -> None:
    """Open the model of the job that the argument describes, and answer questions."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # so that prints of the model go to the log
    sys.path.append(str(Path(__file__).parents[3]))
    from training.adopt.environment.stored_model import Model

    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = Model(open_job(job))
    versions = {"python": platform.python_version()}
    for name, module in sys.modules.items():
        if name in job["libraries"] and hasattr(module, "__version__"):
            versions[name] = module.__version__
    facts = {
        "classes": model.classes(),
        "names": model.names,
        "width": model.width,
        "kind": model.kind(),
        "has_threshold": model.has_threshold,
        "versions": versions,
    }
    answers.write(json.dumps(facts) + "\n")
    answers.flush()
    for line in sys.stdin:
        question = json.loads(line)
        table = read_frame(question["table"], question["texts"])
        path = Path(sys.argv[1]).with_name("probabilities.npy")
        np.save(path, np.asarray(model.probabilities(table), dtype=np.float64))
        answers.write(json.dumps(str(path)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
