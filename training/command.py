"""Make the files the service loads: model, two tables, `model.json` and `features.csv`.

    python -m training                        a simulated population of Home Credit's shape
    python -m training --data clients.csv     a labelled table of your own

A table has one client per row: `SK_ID_CURR` (numbers or texts, each once), `TARGET` (1 = in
default, 0 = solvent) and any number of numeric or text features, with or without missing values.
True and False become 1 and 0. Columns without a name (row numbers) and a column `proba` are
ignored: the reference file of an earlier run can be given. A column is text if a value is not a
number, or if whole numbers have leading zeros, unless `--features` gives its kind.

The clients are split into three parts, each with the table's share of defaults. The number of trees
and the decision threshold are chosen by cross-validation among the *training* clients only.
*Reference* and *new* clients are held out of every fit and choice; the quality is measured on them.

The model is a pipeline of two steps, a transformer (impute, scale, encode) and a LightGBM
classifier with balanced class weights. The weights lift the probability of class 1 far above the
share of defaults: it ranks clients, and is compared with the threshold, the one of least cost if a
missed default costs ten times a refused good client. Calibration and grades are fitted on the
training clients too, on their scores by models that were fitted on the others.

`features.csv` describes the simulated features and the formulas of some. For a table of your own it
is a skeleton: fill it in, and give it back with `--features`. Decisions are compared among the
groups of each protected feature, and of each column that `--audit` names, which is not a feature.

The model is written as `model.skops`, which runs no code when it is opened; and as `model.joblib`,
a pickle, with `--joblib` or if the folder has one.

The same seed gives the same clients, the same bytes in both tables and the same predictions.

`python -m training adopt` makes the files from a model that a team has: see `training.adopt`.
`python -m training simulate-decisions` makes two years of decisions, reviews and outcomes whose
truth is known: see `training.simulated_decisions`.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from credit_scoring.command_line import Parser, whole
from credit_scoring.data.artifacts import ID, TARGET
from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.tables import features_of
from credit_scoring.errors import BadFile
from training.features.dictionary import (
    check_not_filled_in,
    declared_kinds,
    home_credit,
    in_full,
    read_dictionary,
    skeleton,
    texts_in,
)
from training.model_folder import ModelFolder
from training.population.simulation import simulate
from training.table import Split, check_audited, nearly_numbers, read_labelled_table, split
from training.writing import report

OUT = Path(__file__).parents[1] / "ressources"
REFERENCE_CLIENTS, NEW_CLIENTS = 2_000, 500
SIMULATED_TRAINING_CLIENTS = 30_000


def columns(text: str) -> list[str]:
    """Read an option: names of columns, each once."""
    return list(dict.fromkeys(text.split(",")))


def train(options: argparse.Namespace) -> None:
    """Read or simulate a table, fit a model, write the folder and print the report."""
    reference_clients, new_clients = options.reference_clients, options.new_clients
    if options.data:
        kinds = declared_kinds(options.features.read_bytes()) if options.features else {}
        table = read_labelled_table(options.data, options.audit, kinds)
        reference_clients = reference_clients or min(REFERENCE_CLIENTS, len(table) // 5)
        new_clients = new_clients or min(NEW_CLIENTS, len(table) // 10)
        source = options.data.name
    else:
        reference_clients = reference_clients or REFERENCE_CLIENTS
        new_clients = new_clients or NEW_CLIENTS
        clients = SIMULATED_TRAINING_CLIENTS + reference_clients + new_clients
        table = simulate(clients, options.seed, options.wide)
        source = f"simulated population, seed {options.seed}"
        check_audited(source, table, options.audit)
    audited = table[options.audit]
    table = table.drop(columns=options.audit)
    notes = nearly_numbers(table.drop(columns=[ID, TARGET])) if options.data else []
    parts = split(table, reference_clients, new_clients, options.seed, source)
    if not options.data:
        parts = Split(parts.training, in_full(parts.reference), in_full(parts.new))
        table = pd.concat([parts.reference, parts.new])
    content, dictionary = features_csv(options, table.drop(columns=[ID, TARGET]), source)
    del table  # the parts are copies
    options.out.mkdir(parents=True, exist_ok=True)

    folder = ModelFolder(
        out=options.out,
        parts=parts,
        audited=audited,
        content=content,
        dictionary=dictionary,
        source=source,
        seed=options.seed,
        with_joblib=options.joblib,
    )
    metadata = folder.make()
    print("\n".join([*notes, report(options.out, parts, metadata)]))


def features_csv(
    options: argparse.Namespace, features: pd.DataFrame, source: str
) -> tuple[bytes, FeatureDictionary]:
    """The content of `features.csv`, and the dictionary that the service will read in it."""
    if options.features:
        content = options.features.read_bytes()
    elif options.data:
        check_not_filled_in(options.out, features)
        content = skeleton(features_of(features), texts_in(features))
    else:
        content = home_credit(features_of(features))
    return content, read_dictionary(content, features, source)


def main() -> None:
    """Run the command line; for a bad file or option, print one line and exit with code 2."""
    if sys.argv[1:2] == ["adopt"]:
        from training.adopt import command  # needs packages that training itself does not

        command.main(sys.argv[2:], OUT)
        return
    if sys.argv[1:2] == ["simulate-decisions"]:
        from training.simulated_decisions import command as simulation

        simulation.main(sys.argv[2:])
        return
    parser = Parser(description="Make the files the service loads.", prog="python -m training",
                    epilog="python -m training adopt --help: make them from a model that a team"
                    " has. python -m training simulate-decisions --help: decisions of a lender."
                    )  # fmt: skip
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", type=Path, metavar="CSV", help="a labelled table of your own")
    source.add_argument("--wide", action="store_true", help="simulate 347 features, not 151")
    parser.add_argument("--features", type=Path, metavar="CSV",
                        help="a features.csv that was filled in (default: the description of the"
                        " simulated features, or a skeleton)")  # fmt: skip
    parser.add_argument("--audit", type=columns, default=[], metavar="COLUMN[,COLUMN…]",
                        help="compare decisions among the groups of columns, which are then not"
                        " features")  # fmt: skip
    parser.add_argument("--joblib", action="store_true",
                        help="write model.joblib as well, a pickle, which a service opens sooner"
                        " and in less memory (default: if the folder has one)")  # fmt: skip
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default: %(default)s)")
    parser.add_argument("--seed", type=whole(0, 2**32 - 1), default=42, help="default: 42")
    many = whole(1, 1_000_000)
    parser.add_argument("--reference-clients", type=many, metavar="N",
                        help="default: 2,000, of a table at most a fifth")  # fmt: skip
    parser.add_argument("--new-clients", type=many, metavar="N",
                        help="default: 500, of a table at most a tenth")  # fmt: skip
    try:
        train(parser.parse_args())
    except (BadFile, OSError) as error:
        parser.error(str(error))
