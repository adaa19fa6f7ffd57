"""Every figure is that of the service, however a table is cut and whatever the model."""

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from api.application_decoder import ApplicationDecoder
from api.application_errors import ApplicationReader
from api.responses import score_body
from credit_scoring.data.artifacts import ID, NEW_FILE
from credit_scoring.errors import InvalidApplication
from credit_scoring.explain.reason_codes import ReasonFinder
from credit_scoring.model.scorecard import (
    Calibration,
    Grade,
    Points,
    Scorecard,
    log_odds,
    log_odds_of,
)
from portfolio.job import Problem
from portfolio.output.part import PartRecord
from portfolio.worker import score_chunk
from tests.support.bundles.artefacts import PLAIN, TEXTS, lightgbm, make_folder
from tests.support.portfolio import (
    application_scorer,
    chunks_of,
    job_of,
    read_parts,
    rows_unlike,
    score_responses,
)

# Of each kind: text, a raw output that is a probability, rows that are transformed one by one.
KINDS = ["lightgbm text dense", "forest", "components"]
GRADES = (Grade("A", 0.02), Grade("B", 0.05), Grade("C", None))


def record_responses(scorer, records):
    """The responses of `POST /score` to raw records, in which NaN is null."""
    decoder = ApplicationDecoder(ApplicationReader.of(scorer.bundle))
    body = orjson.dumps([{"record": record} for record in records])
    return orjson.loads(score_body(scorer, decoder.decode(body)))


def score_table(folder, table, out, size=1 << 20, **changes):
    """The rows of the part files of a table that is scored in this process, and their number."""
    job = job_of(folder, out, **changes)
    chunks = chunks_of(table, size)
    records = [score_chunk(job, chunk) for chunk in chunks]
    assert all(isinstance(record, PartRecord) for record in records), records
    return read_parts(out), len(chunks)


@pytest.mark.parametrize("reasons", ["refused", "all", "none"])
def test_figures_are_those_of_the_service(bundle_folder, scorer, tmp_path, reasons):
    table = bundle_folder / NEW_FILE
    rows, parts = score_table(bundle_folder, table, tmp_path, size=4_500, explained=reasons)
    assert parts > 2
    assert rows_unlike(rows, score_responses(scorer, rows[ID]), reasons) == []
    assert rows["grade"].notna().all()
    assert rows["prediction"].nunique() == 2
    explained = {"none": 0, "refused": rows["prediction"].sum(), "all": len(rows)}[reasons]
    assert rows["reason_1"].notna().sum() <= explained
    assert bool(explained) == rows["reason_1"].notna().any()


@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_those_of_the_service_whatever_the_model(kind, case_named, tmp_path):
    folder = case_named(kind).folder.path
    rows, parts = score_table(folder, folder / NEW_FILE, tmp_path, size=1_000)
    responses = score_responses(application_scorer(folder), rows[ID])
    assert (len(rows), parts > 1) == (10, True)
    assert rows_unlike(rows, responses, "all") == []


def test_csv_parts_have_the_same_figures(bundle_folder, scorer, tmp_path):
    rows, _ = score_table(bundle_folder, bundle_folder / NEW_FILE, tmp_path, format="csv")
    assert [*tmp_path.glob("part-*")] == [tmp_path / "part-000000.csv"]
    assert rows_unlike(rows, score_responses(scorer, rows[ID]), "all") == []


def test_columns_that_follow_from_others_may_be_left_out(bundle_folder, scorer, clients, tmp_path):
    formulas = [*scorer.bundle.dictionary.formulas]
    assert formulas
    clients.drop(columns=formulas).to_csv(tmp_path / "fewer.csv", index=False)
    rows, _ = score_table(bundle_folder, tmp_path / "fewer.csv", tmp_path / "out")
    records = [
        {name: value for name, value in record.items() if name not in formulas}
        for record in map(scorer.bundle.raw_record, clients[ID].tolist())
    ]
    assert rows_unlike(rows, record_responses(scorer, records), "all") == []


@pytest.fixture(scope="module")
def log_odds_of_probabilities():
    """Log-odds of all sizes, and of the bounds of grades."""
    rng = np.random.default_rng(0)
    edges = [0, 1, 0.5, 5e-324, 1 - 2**-53, 0.02, 0.05]
    probabilities = np.concatenate([rng.random(2000), 10.0 ** rng.uniform(-300, 0, 500), edges])
    found = log_odds_of(probabilities)
    assert found.tolist() == [log_odds(one) for one in probabilities.tolist()]
    return found


def test_points_and_grades_of_many_scores_are_those_of_each_alone(log_odds_of_probabilities):
    scorecard = Scorecard(Calibration(0.9, -2.1), Points(600, 19, 50), GRADES)
    pd, points, grades = scorecard.of(log_odds_of_probabilities)
    assert pd.tolist() == [scorecard.pd(one) for one in log_odds_of_probabilities.tolist()]
    assert points.tolist() == [scorecard.points(one) for one in pd.tolist()]
    names = [GRADES[at].grade for at in grades]
    assert names == [scorecard.grade(one) for one in pd.tolist()]


def test_a_score_at_the_bound_of_a_grade_has_one_grade():
    scorecard = Scorecard(Calibration(1, 0), None, GRADES)
    bound = np.array([-3.8918202981106265])  # log-odds of a little less or more than 0.02
    assert GRADES[scorecard.of(bound)[2][0]].grade == scorecard.grade(scorecard.pd(bound[0]))


@pytest.fixture(params=range(5))
def finder(request, scorer):
    """Reasons of seven clients with random contributions."""
    bundle, rng = scorer.bundle, np.random.default_rng(request.param)
    some = rng.choice(len(bundle.client_ids), 7)
    transformed = bundle.transformed[some]
    values = rng.normal(size=transformed.shape) * 10.0 ** rng.integers(-9, 2, transformed.shape)
    return ReasonFinder(scorer.peers, "near", bundle.raw_rows(some), transformed, values, 4)


def test_reasons_of_many_rows_are_those_of_each_alone(finder):
    for row in range(len(finder.rows)):
        one = slice(row, row + 1)
        alone = ReasonFinder(
            finder.peers, "near", finder.rows.take(one), finder.transformed[one],
            finder.contributions[one], 4,
        )  # fmt: skip
        assert repr(alone.of_row(0)) == repr(finder.of_row(row))  # NaN is not itself


def test_contributions_are_sums_over_the_factors_of_a_theme(finder):
    attribution = finder.peers.attribution
    means = finder.peers.groups["near"].means
    by_factor = attribution.by_factor(finder.contributions) - means
    for row in range(len(finder.rows)):
        for reason in finder.of_row(row).reasons:
            members = attribution.theme_of == attribution.themes.index(reason.group)
            assert reason.contribution == by_factor[row][members].sum()


@pytest.fixture(scope="module")
def strict_bundle_folder(tmp_path_factory):
    """A model that refuses categories on which it was not fitted."""
    columns = [("text", OrdinalEncoder(), TEXTS[:1]), ("numbers", SimpleImputer(), PLAIN)]
    pipeline = make_pipeline(ColumnTransformer(columns), lightgbm())
    folder = tmp_path_factory.mktemp("strict") / "ressources"
    return make_folder(folder, pipeline, [TEXTS[0], *PLAIN]).path


@pytest.fixture(scope="module")
def strict_scorer(strict_bundle_folder):
    return application_scorer(strict_bundle_folder)


UNKNOWN = "Academic degree"
REFUSAL = f"a category that the model does not know: {TEXTS[0]}"


@pytest.fixture(params=[(14, [0, 3, 7, 8, 13]), (3, [0, 1, 2])], ids=["some", "all"])
def refused_rows(request):
    """The number of clients, and the indices of those with an unknown category."""
    return request.param


@pytest.fixture
def strict_clients(strict_bundle_folder, refused_rows):
    number, unknown = refused_rows
    clients = pd.read_csv(strict_bundle_folder / NEW_FILE, index_col=0)[:number]
    clients.loc[unknown, TEXTS[0]] = UNKNOWN
    return clients


@pytest.fixture
def strict_chunk(strict_clients, tmp_path):
    strict_clients.to_csv(tmp_path / "clients.csv")
    (chunk,) = chunks_of(tmp_path / "clients.csv")
    return chunk


def test_the_first_row_that_the_model_refuses_ends_the_run(
    strict_bundle_folder, strict_chunk, refused_rows, tmp_path
):
    job = job_of(strict_bundle_folder, tmp_path / "out")
    assert score_chunk(job, strict_chunk) == Problem(REFUSAL, min(refused_rows[1]) + 1)


def test_rows_that_the_model_refuses_are_left_out(
    strict_bundle_folder, strict_scorer, strict_chunk, strict_clients, refused_rows, tmp_path
):
    job = job_of(strict_bundle_folder, tmp_path / "out", collects_bad_rows=True)
    record = score_chunk(job, strict_chunk)
    assert isinstance(record, PartRecord)
    assert record.bad == {row + 1: REFUSAL for row in refused_rows[1]}
    rows = read_parts(tmp_path / "out")
    known = strict_clients[ID].drop(index=refused_rows[1]).tolist()
    assert rows[ID].tolist() == known
    responses = score_responses(strict_scorer, known) if known else []
    assert rows_unlike(rows, responses, "all") == []


def test_the_service_refuses_the_same_rows_with_the_same_words(strict_scorer):
    record = strict_scorer.bundle.raw_record(strict_scorer.bundle.client_ids[0])
    with pytest.raises(InvalidApplication, match=REFUSAL):
        record_responses(strict_scorer, [record | {TEXTS[0]: UNKNOWN}])
