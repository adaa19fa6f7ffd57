"""Every figure is what the credit desk answers, however a table is cut and whatever the model."""

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from api.desk_responses import read_and_score
from api.served_bundle import read_served_bundle
from credit_scoring.data.artifacts import ID, NEW_FILE
from credit_scoring.decisions.batch_scoring import MOST_REASONS
from credit_scoring.errors import InvalidApplication
from credit_scoring.explain.reason_codes import reasons
from credit_scoring.model.scorecard import Calibration, Grade, Points, Scale, log_odds, log_odds_of
from portfolio.job import Problem
from portfolio.parts import Record
from portfolio.work import score_piece
from tests.support.artefacts import PLAIN, TEXTS, lightgbm, make_folder
from tests.support.portfolio import desk_answers, differing, job_of, parts, pieces_of

# Of each kind: text, a raw output that is a probability, rows that are transformed one by one.
KINDS = ["lightgbm text dense", "forest", "components"]


def scored(folder, out, table=NEW_FILE, size=1 << 20, **changes):
    """The parts of a table, made in this process."""
    job = job_of(folder, out, **changes)
    pieces = pieces_of(folder / table, size)
    made = [score_piece(job, piece, "") for piece in pieces]
    assert all(isinstance(record, Record) for record in made), made
    return parts(out), len(pieces)


@pytest.mark.parametrize("reasons", ["refused", "all", "none"])
def test_figures_are_those_of_the_desk(model, desk, tmp_path, reasons):
    rows, pieces = scored(model, tmp_path, size=4_500, explained=reasons)
    assert pieces > 2
    answers = desk_answers(desk, rows[ID])
    assert differing(rows, answers, reasons) == []
    assert rows["grade"].notna().all()
    assert rows["prediction"].nunique() == 2
    given = {"none": 0, "refused": rows["prediction"].sum(), "all": len(rows)}[reasons]
    assert rows["reason_1"].notna().sum() <= given
    assert bool(given) == rows["reason_1"].notna().any()


@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_those_of_the_desk_whatever_the_model(kind, case_named, tmp_path):
    folder = case_named(kind).folder.path
    rows, pieces = scored(folder, tmp_path, size=1_000)
    answers = desk_answers(read_served_bundle(folder, None, frozenset()), rows[ID])
    assert (len(rows), pieces > 1) == (10, True)
    assert differing(rows, answers, "all") == []


def test_csv_parts_have_the_same_figures(model, desk, tmp_path):
    rows, _ = scored(model, tmp_path, format="csv")
    assert [*tmp_path.glob("part-*")] == [tmp_path / "part-000000.csv"]
    assert differing(rows, desk_answers(desk, rows[ID]), "all") == []


def test_columns_that_follow_from_others_may_be_left_out(model, desk, tmp_path):
    table = pd.read_csv(model / NEW_FILE, index_col=0)
    formulas = [*desk.bundle.dictionary.formulas]
    assert formulas
    table.drop(columns=formulas).to_csv(tmp_path / "fewer.csv", index=False)
    job = job_of(model, tmp_path / "out")
    for piece in pieces_of(tmp_path / "fewer.csv"):
        assert isinstance(score_piece(job, piece, ""), Record)
    records = [
        {name: value for name, value in record.items() if name not in formulas}
        for record in map(desk.bundle.raw_record, table[ID].tolist())
    ]
    applications = [orjson.dumps({"record": record}) for record in records]
    body = b"[" + b",".join(applications) + b"]"
    peers = desk.peers.result()
    answers = read_and_score(desk.bundle, peers, body, MOST_REASONS, "near")
    assert differing(parts(tmp_path / "out"), orjson.loads(answers), "all") == []


def test_many_scores_mean_what_each_means_alone():
    rng = np.random.default_rng(0)
    edges = [0, 1, 0.5, 5e-324, 1 - 2**-53, 0.02, 0.05]
    probabilities = np.concatenate([rng.random(2000), 10.0 ** rng.uniform(-300, 0, 500), edges])
    scale = Scale(
        Calibration(0.9, -2.1),
        Points(600, 19, 50),
        (Grade("A", 0.02), Grade("B", 0.05), Grade("C", None)),
    )
    margins = log_odds_of(probabilities)
    assert margins.tolist() == [log_odds(one) for one in probabilities.tolist()]
    pd_, points, grade = scale.of(margins)
    assert pd_.tolist() == [scale.pd(one) for one in margins.tolist()]
    assert points.tolist() == [scale.points(one) for one in pd_.tolist()]
    names = [scale.grades[at].grade for at in grade]
    assert names == [scale.grade(one) for one in pd_.tolist()]
    bounds = Scale(Calibration(1, 0), None, scale.grades)
    exact = np.array([-3.8918202981106265])  # log-odds of a little less or more than 0.02
    assert bounds.grades[bounds.of(exact)[2][0]].grade == bounds.grade(bounds.pd(exact[0]))


@pytest.mark.parametrize("seed", range(5))
def test_reasons_of_many_rows_are_those_of_each_alone(desk, seed):
    """And contributions are sums over the theme's factors, as they come."""
    if desk.claim():
        desk.prepare()
    peers, bundle = desk.peers.result(), desk.bundle
    rng = np.random.default_rng(seed)
    some = rng.choice(len(bundle.client_ids), 7)
    rows, transformed = bundle.raw_rows(some), bundle.transformed[some]
    values = rng.normal(size=transformed.shape) * 10.0 ** rng.integers(-9, 2, transformed.shape)
    group = peers.groups["near"]
    together = list(reasons(peers, group, rows, transformed, values, 4))
    by_factor = peers.attribution.by_factor(values) - group.means
    for row in range(len(some)):
        alone = slice(row, row + 1)
        (given,) = reasons(peers, group, rows.take(alone), transformed[alone], values[alone], 4)
        assert repr(given) == repr(together[row])  # NaN is not itself
        for reason in together[row][0]:
            theme = peers.attribution.groups.index(reason.group)
            members = peers.attribution.group_of == theme
            assert reason.contribution == by_factor[row][members].sum()


def strict():
    """A model that refuses categories that it was not fitted on."""
    columns = [("text", OrdinalEncoder(), TEXTS[:1]), ("numbers", SimpleImputer(), PLAIN)]
    return make_pipeline(ColumnTransformer(columns), lightgbm()), [TEXTS[0], *PLAIN]


@pytest.fixture(scope="module")
def strict_folder(tmp_path_factory):
    folder = make_folder(tmp_path_factory.mktemp("strict") / "ressources", *strict()).path
    return folder, read_served_bundle(folder, None, frozenset())


@pytest.mark.parametrize(("clients", "unknown"), [(14, [0, 3, 7, 8, 13]), (3, [0, 1, 2])])
def test_rows_that_the_model_refuses_are_bad_as_at_the_desk(
    strict_folder, tmp_path, clients, unknown
):
    folder, desk = strict_folder
    table = pd.read_csv(folder / NEW_FILE, index_col=0)[:clients]
    table.loc[list(unknown), TEXTS[0]] = "Academic degree"
    table.to_csv(tmp_path / "clients.csv")
    (piece,) = pieces_of(tmp_path / "clients.csv")
    said = f"a category that the model does not know: {TEXTS[0]}"
    ended = score_piece(job_of(folder, tmp_path / "ended"), piece, "")
    assert ended == Problem(said, min(unknown) + 1)
    record = score_piece(job_of(folder, tmp_path / "out", collect=True), piece, "")
    assert isinstance(record, Record)
    assert record.bad == {row + 1: said for row in unknown}
    rows = parts(tmp_path / "out")
    known = [client for row, client in enumerate(table[ID]) if row not in unknown]
    assert rows[ID].tolist() == known
    answers = desk_answers(desk, known or desk.bundle.client_ids[:1])
    assert not known or differing(rows, answers, "all") == []
    sent = dict(desk.bundle.raw_record(int(table[ID].iloc[0])), **{TEXTS[0]: "Academic degree"})
    body = orjson.dumps({"record": {k: None if v != v else v for k, v in sent.items()}})
    with pytest.raises(InvalidApplication, match=said):
        read_and_score(desk.bundle, desk.peers.result(), body, 0, "near")
