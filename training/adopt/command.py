"""Make a folder that the service loads from a model that a team has, and a labelled table.

    python -m training adopt model.pkl --table clients.csv

The model is a pickle (.joblib, .pkl), .skops, CatBoost's .cbm, XGBoost's .ubj or .json, LightGBM's
.txt, or a folder of MLflow; it is recognised by its content. The table is CSV of any usual
separator, or Parquet, with one client per row: an id, the outcome, and the columns that the model
takes. Other columns are left out.

The model is opened in an environment of the versions that it records, which uv makes and keeps, and
gives the probabilities of the table's clients there. The service then loads the folder, and must
give each reference client the same probability, within 1e-9, or 1e-6 where a library computes in
single precision. If it does not, nothing is written.

A pickle runs code when it is opened. Without --trust or --sha256 nothing is opened, and what it
names is listed.
"""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from credit_scoring.command_line import EXIT_CODE, Parser, whole
from credit_scoring.data.artifacts import ID, TARGET
from credit_scoring.errors import BadFile, first_few
from training.adopt.adoption import Adoption, adopt
from training.adopt.options import Options
from training.adopt.problems import NotAdopted
from training.adopt.table.labelled_cells import ColumnOptions
from training.adopt.team_model import ModelOptions

NAME = "adopt"
STEPS = ("reading", "environment", "probabilities", "proof")


def probability(text: str) -> float:
    """Read an option: a probability."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a probability, from 0 to 1")
    return value


def parser(out: Path) -> Parser:
    """The parser of the command; `out` is the default folder."""
    read = Parser(
        prog=f"python -m training {NAME}",
        description="Make the files the service loads from a model that a team has.",
    )
    read.add_argument(
        "model",
        type=Path,
        metavar="MODEL",
        help=".joblib, .pkl, .skops, .cbm, .ubj, .json, .txt, or a folder of MLflow",
    )
    read.add_argument(
        "--table",
        type=Path,
        required=True,
        metavar="TABLE",
        help="labelled clients, CSV or Parquet",
    )
    read.add_argument("--out", type=Path, default=out, help="folder (default: %(default)s)")
    read.add_argument(
        "--id", metavar="COLUMN", help=f"has the ids (default: {ID}, else clients are numbered)"
    )
    read.add_argument(
        "--target", default=TARGET, metavar="COLUMN", help="has the outcome (default: %(default)s)"
    )
    read.add_argument(
        "--default", metavar="VALUE", help="the outcome that means default (default: 1 of 0 and 1)"
    )
    read.add_argument(
        "--proba", metavar="COLUMN", help="has the makers' probabilities of default, to be compared"
    )
    read.add_argument(
        "--threshold",
        type=probability,
        metavar="P",
        help="from this probability on the decision is 1 (default: the model's own)",
    )
    many = whole(1, 1_000_000)
    read.add_argument("--reference-clients", type=many, metavar="N", help="default: at most 2,000")
    read.add_argument(
        "--new-clients",
        type=many,
        metavar="N",
        help="default: at most 500 and a fifth of the table",
    )
    read.add_argument(
        "--features",
        type=Path,
        metavar="CSV",
        help="a features.csv that was filled in (default: a skeleton)",
    )
    read.add_argument(
        "--requirements",
        type=Path,
        metavar="TXT",
        help="the versions of the training, where the model does not record them",
    )
    read.add_argument(
        "--module",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="has classes of the team (default: modules beside the model)",
    )
    read.add_argument(
        "--joblib",
        action="store_true",
        help="write model.joblib where model.skops, which runs no code, would do",
    )
    trusting = read.add_mutually_exclusive_group()
    trusting.add_argument("--trust", action="store_true", help="open the pickle, whatever it names")
    trusting.add_argument("--sha256", metavar="HEX", help="open the pickle that has this hash")
    return read


def report(out: Path, adoption: Adoption) -> str:
    """The report of an adoption, in lines."""
    model, table, folder = adoption.model, adoption.table, adoption.folder
    figures = adoption.quality
    source = model.source
    where = "an environment made of these" if model.is_of_another_environment else "this one"
    where += f", Python {model.facts.versions['python']}"
    lines = [
        f"model      {source.path.name}: {source.format}, {model.facts.kind}; records"
        f" {model.recorded.spelled}; opened in {where}",
        f"clients    {len(adoption.reference):,} reference, {len(adoption.new):,} new of"
        f" {len(table.ids):,}; {len(folder.bundle.features)} features",
        f"proof      the service gives all {len(adoption.reference):,} reference clients the"
        f" probabilities of that environment, within {folder.bundle.classifier.tolerance:.0e}",
        f"threshold  {folder.bundle.threshold:.3f}",
        f"AUC        {figures['auc']:.3f}, 95 % interval {figures['auc_95_low']:.3f} to"
        f" {figures['auc_95_high']:.3f}, {figures['default_rate']:.2%} in default; if the model was"
        " trained on these clients, that is too good",
    ]
    if adoption.dropped:
        lines.append(
            f"left out   columns that the model does not take: {first_few(adoption.dropped)}"
        )
    lines += [f"note       {note}" for note in (*adoption.notes, *folder.notes)]
    for file, sha256 in folder.metadata["sha256"].items():
        lines.append(f"{(out / file).stat().st_size:>10,} bytes  {out / file}  SHA-256 {sha256}")
    return "\n".join(lines)


def main(arguments: Sequence[str], out: Path) -> None:
    """Run the command; print each problem in one line and exit with code 2.

    Args:
        arguments: after the name of the command.
        out: the folder to write if none is given.
    """
    parsing = parser(out)
    given = parsing.parse_args(arguments)
    typed = shlex.join(["./startup.sh", "python", "-m", "training", NAME, *arguments])
    options = Options(
        ModelOptions(
            given.model, given.trust, given.sha256, given.module, given.requirements, typed
        ),
        given.table,
        ColumnOptions(given.id, given.target, given.default, given.proba),
        given.out,
        given.threshold,
        given.reference_clients,
        given.new_clients,
        given.features,
        given.joblib,
    )
    try:
        with tqdm(total=len(STEPS), disable=None, leave=False) as progress:

            def say(step: str) -> None:
                progress.n = STEPS.index(step)
                progress.set_description(step)

            adoption = adopt(options, say)
    except NotAdopted as error:
        if error.shown:
            print("\n".join(error.shown))
        lines = [f"{NAME}: {line}" for line in error.problems]
        parsing.exit(EXIT_CODE, "\n".join(lines) + "\n")
    except (BadFile, OSError) as error:
        parsing.error(str(error))
    print(report(given.out, adoption))
