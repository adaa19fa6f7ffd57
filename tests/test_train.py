"""The trainer: the shipped files, tables of one's own, refusals, and the figures it reports."""

import hashlib
import json
import re
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

import scoring
import train
from scoring import FACTS_FILE, ID, MODEL_FILE, NEW_FILE, PROBA, REFERENCE_FILE, TARGET
from training import fitting, simulation
from training.credit_history import aggregate, month_run
from training.fitting import THRESHOLDS, cheapest_threshold
from training.quality import COST_MISSED_DEFAULT, auc_interval, costs
from training.simulation import simulate

SHIPPED = Path(train.__file__).with_name("ressources")
TABLES = (REFERENCE_FILE, NEW_FILE)
ALWAYS_THERE = ["AMT_INCOME_TOTAL", "AMT_CREDIT", "AMT_GOODS_PRICE", "DAYS_BIRTH", "CODE_GENDER_F"]


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["train.py", *map(str, arguments)])
    train.main()


def refusal(monkeypatch, capsys, *arguments):
    """The line on stderr with which the trainer refuses."""
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, *arguments)
    captured = capsys.readouterr()
    assert (stop.value.code, captured.out, captured.err.count("\n")) == (2, "", 1)
    return captured.err.rstrip("\n")


def read(folder, file):
    return pd.read_csv(folder / file, index_col=0)


def a_bank(clients=900, seed=0):
    """A table unlike Home Credit's: texts, flags, gaps, a constant, an empty column, odd names."""
    rng = np.random.default_rng(seed)
    risk = rng.standard_normal(clients)
    score = np.where(rng.random(clients) < 0.2, np.nan, risk + rng.standard_normal(clients))
    housing = np.where(risk > 0.8, "rent", rng.choice(["own", "with parents, free"], clients))
    return pd.DataFrame(
        {
            TARGET: (risk + 0.5 * rng.standard_normal(clients) > 1.3).astype(int),
            "score: a, b [%] {x}": score,
            ID: rng.permutation(clients) + 7,
            "housing": np.where(rng.random(clients) < 0.1, None, housing),
            "town": rng.choice([f"town {n}" for n in range(60)], clients),
            "is new": rng.random(clients) < 0.5,
            "is known": np.where(rng.random(clients) < 0.1, None, rng.random(clients) < 0.5),
            "empty": np.nan,
            "constant": 3,
            "income": rng.integers(10, 99, clients) * 1000,
        }
    )


@pytest.fixture(scope="module")
def shipped():
    tables = {file: read(SHIPPED, file) for file in TABLES}
    return tables[REFERENCE_FILE], tables[NEW_FILE], json.loads((SHIPPED / FACTS_FILE).read_text())


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """The folder made of `a_bank()`."""
    folder = tmp_path_factory.mktemp("bank")
    a_bank().to_csv(folder / "clients.csv")
    with pytest.MonkeyPatch.context() as patch:
        run(patch, "--data", folder / "clients.csv", "--out", folder / "out")
    return folder / "out"


# ---------------------------------------------------------------- what is shipped


def test_shipped_facts_are_those_of_the_shipped_files(shipped):
    reference, new, facts = shipped
    hashes = {
        file: hashlib.sha256((SHIPPED / file).read_bytes()).hexdigest()
        for file in (MODEL_FILE, *TABLES)
    }
    assert facts["sha256"] == hashes
    assert facts["source"] == "simulated population, seed 42"
    assert facts["quality"]["held_out_clients"] == len(reference) + len(new)
    assert 0.74 <= facts["quality"]["auc"] <= 0.80
    assert 0.075 <= facts["quality"]["default_rate"] <= 0.085


def test_shipped_tables_have_home_credits_shape(shipped):
    reference, new, _ = shipped
    features = list(reference.columns.drop([ID, TARGET, PROBA]))
    assert list(new.columns) == [ID, *features]
    assert (len(reference), len(new)) == (2000, 500)
    assert 110 <= len(features) <= 160
    assert {
        "previous_CHANNEL_TYPE_AP+ (Cash loan)_mean",
        "previous_PRODUCT_COMBINATION_Cash Street: high_mean",
        "NAME_EDUCATION_TYPE_Secondary / secondary special",
        "APP_EXT_SOURCE_1*EXT_SOURCE_2",
        "bureau_CREDIT_ACTIVE_Active_count_norm",
    } <= {*features}
    clients = pd.concat([reference, new])
    assert clients[ID].is_unique
    assert clients[ID].between(100_000, 999_999).all()
    assert not new[ID].is_monotonic_increasing
    assert all(pd.api.types.is_numeric_dtype(dtype) for dtype in clients.dtypes)
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 8_000_000


def test_shipped_tables_miss_values_where_home_credits_do(shipped):
    clients = pd.concat(shipped[:2])
    missing = clients.drop(columns=[TARGET, PROBA]).isna()
    assert (
        missing.mean()[["OWN_CAR_AGE", "EXT_SOURCE_1", "EXT_SOURCE_3"]]
        .between([0.6, 0.4, 0.15], [0.8, 0.6, 0.25])
        .all()
    )
    assert not missing[ALWAYS_THERE].any(axis=None)
    pensioner = missing["DAYS_EMPLOYED"]
    assert clients.loc[pensioner, "DAYS_BIRTH"].median() < -55 * 365
    assert (clients.loc[pensioner, "NAME_INCOME_TYPE_Working"] == 0).all()
    for prefix in ("bureau_DAYS_CREDIT_m", "client_installments_AMT_", "previous_DAYS_DECISION"):
        together = missing[[name for name in missing if name.startswith(prefix)]]
        assert together.any(axis=None)
        assert (together.all(axis=1) == together.any(axis=1)).all()
    # Who leaves out what most declare leaves out what few declare.
    assert missing.loc[missing["TOTALAREA_MODE"], "COMMONAREA_AVG"].all()


def test_shipped_ratios_follow_from_their_parents(shipped):
    c = pd.concat(shipped[:2])
    scores = c[["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"]]
    expected = {
        "INCOME_CREDIT_PERC": c["AMT_INCOME_TOTAL"] / c["AMT_CREDIT"],
        "ANNUITY_INCOME_PERC": c["AMT_ANNUITY"] / c["AMT_INCOME_TOTAL"],
        "CREDIT_TO_GOODS_RATIO": c["AMT_CREDIT"] / c["AMT_GOODS_PRICE"],
        "DAYS_EMPLOYED_PERC": c["DAYS_EMPLOYED"] / c["DAYS_BIRTH"],
        "CAR_TO_BIRTH_RATIO": c["OWN_CAR_AGE"] / c["DAYS_BIRTH"],
        "EXT_SOURCES_MEAN": scores.mean(axis=1),
        "EXT_SOURCES_PROD": scores.prod(axis=1, skipna=False),
        "APP_EXT_SOURCE_1*EXT_SOURCE_2": c["EXT_SOURCE_1"] * c["EXT_SOURCE_2"],
        "APP_SCORE1_TO_CREDIT_RATIO": c["EXT_SOURCE_1"] / c["AMT_CREDIT"],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(c[name], values, rtol=1e-6, err_msg=name)


def test_shipped_probabilities_are_the_models_own(shipped):
    reference, new, facts = shipped
    model = joblib.load(SHIPPED / MODEL_FILE)
    features = new.columns.drop(ID)
    assert list(model.named_steps) == ["transformer", "classifier"]
    assert list(model[0].get_feature_names_out()) == list(features)
    probability = model.predict_proba(reference[features])[:, 1]
    np.testing.assert_array_equal(probability, reference[PROBA])

    known = costs(reference[TARGET].to_numpy(), probability, np.array([facts["threshold"]]))
    assert known[0] < reference[TARGET].mean() * COST_MISSED_DEFAULT
    refused = model.predict_proba(new[features])[:, 1] >= facts["threshold"]
    assert 0.1 < refused.mean() < 0.6


# ---------------------------------------------------------------- the simulation


def test_the_wide_population_has_home_credits_347_features():
    wide, usual = simulate(300, 5, wide=True), simulate(300, 5)
    assert wide.shape == (300, 349)
    assert {*usual} < {*wide}


def test_aggregates_are_those_of_the_children():
    children = pd.DataFrame(
        {"client": [0, 2, 2], "AMT": [5.0, 1.0, 2.0], "KIND": ["x: y", "x: y", "z"]}
    )
    table = aggregate(
        children, "bureau", {"mean | sum": "AMT", "count count_norm": "KIND_x: y"}, wide=True
    )
    assert table.to_dict("list") == {
        "bureau_AMT_mean": [5.0, 1.5],
        "bureau_AMT_sum": [5.0, 3.0],
        "bureau_KIND_x: y_count": [1, 1],
        "bureau_KIND_x: y_count_norm": [1.0, 0.5],
    }
    assert list(table.index) == [0, 2]


def test_a_run_of_months_is_that_of_its_rows():
    rows = np.arange(-7, -2)
    assert month_run(np.array([-7]), np.array([5]), "M") == {
        "M_count": 5, "M_mean": rows.mean(), "M_max": -3, "M_min": -7, "M_sum": rows.sum(),
    }  # fmt: skip


def test_a_seed_gives_the_same_files_and_another_seed_others(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "SIMULATED_TRAINING_CLIENTS", 1500)
    monkeypatch.setattr(simulation, "CLIENTS_AT_ONCE", 700)
    monkeypatch.setattr(fitting, "TREES", range(10, 31, 10))
    probabilities, tables = {}, {}
    for out, seed in (("one", 3), ("two", 3), ("three", 4)):
        sizes = ("--reference-clients", 300, "--new-clients", 100)
        run(monkeypatch, "--seed", seed, "--out", tmp_path / out, *sizes)
        new = read(tmp_path / out, NEW_FILE)
        model = joblib.load(tmp_path / out / MODEL_FILE)
        probabilities[out] = model.predict_proba(new.drop(columns=ID))[:, 1]
        tables[out] = [(tmp_path / out / file).read_bytes() for file in TABLES]
    assert tables["one"] == tables["two"]
    np.testing.assert_array_equal(probabilities["one"], probabilities["two"])
    assert tables["one"][0] != tables["three"][0]
    assert tables["one"][1] != tables["three"][1]


# ---------------------------------------------------------------- a table of one's own


def test_the_clients_are_split_three_ways(bank):
    table, facts = a_bank(), json.loads((bank / FACTS_FILE).read_text())
    reference, new = read(bank, REFERENCE_FILE), read(bank, NEW_FILE)
    assert (len(reference), len(new)) == (180, 90)
    held_out = {*reference[ID], *new[ID]}
    assert len(held_out) == 270
    assert held_out < {*table[ID]}
    assert facts["training_clients"] == 630
    outcome = table.set_index(ID)[TARGET]
    assert list(outcome[reference[ID]]) == list(reference[TARGET])
    assert outcome[[*held_out]].mean() == pytest.approx(outcome.mean(), abs=1 / 270)


def test_held_out_clients_are_not_fitted_on(tmp_path, bank, monkeypatch):
    """Whatever their values and outcomes are, the model and the threshold stay the same."""
    table = a_bank()
    held_out = table[ID].isin([*read(bank, REFERENCE_FILE)[ID], *read(bank, NEW_FILE)[ID]])
    table.loc[held_out, "income"] = -1
    table.to_csv(tmp_path / "clients.csv")
    run(monkeypatch, "--data", tmp_path / "clients.csv", "--out", tmp_path)
    one, two = (joblib.load(folder / MODEL_FILE) for folder in (bank, tmp_path))
    features = a_bank(seed=1).drop(columns=[ID, TARGET])
    features[["is new", "is known"]] = features[["is new", "is known"]].astype(float)
    np.testing.assert_array_equal(one.predict_proba(features), two.predict_proba(features))
    one, two = (json.loads((folder / FACTS_FILE).read_text()) for folder in (bank, tmp_path))
    assert one["threshold"] == two["threshold"]
    assert one["quality"] != two["quality"]


def test_the_service_takes_a_table_of_texts_flags_and_gaps(bank):
    loaded = scoring.load(bank)
    assert loaded.features == tuple(a_bank().columns.drop([ID, TARGET]))
    new, table = read(bank, NEW_FILE), a_bank().set_index(ID)
    for client, row in new.set_index(ID).iterrows():
        assert row["is new"] == table.loc[client, "is new"]
        assert row["income"] == table.loc[client, "income"]
    assert new["empty"].isna().all()
    assert {"housing_own", "housing_missing", "town_infrequent_sklearn"} < {*loaded.names}
    assert len({*loaded.names}) == len(loaded.names)


def test_an_unseen_category_is_scored(bank):
    new = read(bank, NEW_FILE).drop(columns=ID).head(2)
    new.loc[:, ["housing", "town"]] = [["a boat", "nowhere"], [np.nan, np.nan]]
    probability = joblib.load(bank / MODEL_FILE).predict_proba(new)[:, 1]
    assert ((probability > 0) & (probability < 1)).all()


def test_a_reference_file_is_itself_such_a_table(tmp_path, bank, monkeypatch):
    out = tmp_path / "out"
    sizes = ("--reference-clients", 40, "--new-clients", 20)
    run(monkeypatch, "--data", bank / REFERENCE_FILE, "--out", out, *sizes)
    assert list(read(out, REFERENCE_FILE)) == list(read(bank, REFERENCE_FILE))
    assert json.loads((out / FACTS_FILE).read_text())["training_clients"] == 120


def test_only_the_four_files_are_replaced(tmp_path, bank, monkeypatch):
    for file in ("notes.txt", MODEL_FILE):
        (tmp_path / file).write_text("mine")
    a_bank().to_csv(tmp_path / "clients.csv", index=False)
    run(monkeypatch, "--data", tmp_path / "clients.csv", "--out", tmp_path)
    made = {FACTS_FILE, MODEL_FILE, *TABLES}
    assert {file.name for file in tmp_path.iterdir()} == made | {"notes.txt", "clients.csv"}
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert [(tmp_path / f).read_bytes() for f in TABLES] == [
        (bank / f).read_bytes() for f in TABLES
    ]


# ---------------------------------------------------------------- refusals


def with_column(name, values):
    return a_bank().assign(**{name: values}).to_csv(index=False)


def test_what_the_table_is_refused_for(tmp_path, monkeypatch, capsys):
    bank, path = a_bank(), tmp_path / "clients.csv"
    ids, target = bank[ID].astype(float), bank[TARGET].astype(float)
    rare = (bank.index < 12).astype(int)
    refused = {
        "is not a CSV table: No columns to parse from file": "",
        "is not a CSV table: Error tokenizing data": "a,b\n1,2\n1,2,3\n",
        "row 1 has 3 fields, the header 2": "a,b\n1,2,3\n1,2,3\n",
        "row 3 has 1 fields, the header 3": "SK_ID_CURR,TARGET,a\n1,0,1\n2,1,2\n3\n",
        "row 2 has 2 fields, the header 3": 'SK_ID_CURR,TARGET,a\n1,0,"x\ny"\n2,1\n',
        "column a: row 2 is a whole number that no double holds exactly": (
            "SK_ID_CURR,TARGET,a\n1,0,1\n2,1,9007199254740993\n"
        ),
        "has a column more than once: income": "income,income\n1,2\n",
        "lacks the column SK_ID_CURR": "TARGET,a\n0,1\n",
        "lacks the column TARGET": "SK_ID_CURR,a\n0,1\n",
        "holds no client": "SK_ID_CURR,TARGET,a\n",
        "column SK_ID_CURR: 8 more than once": with_column(ID, ids.astype(int).replace(9, 8)),
        "column SK_ID_CURR: a value is missing or no integer": with_column(
            ID, ids.replace(9, None)
        ),
        "column SK_ID_CURR: a value is missing or no integer ": with_column(ID, ids + 0.5),
        "column TARGET: a value is missing or neither 0 nor 1": with_column(TARGET, target + 1),
        "column TARGET: a value is missing or neither 0 nor 1 ": with_column(
            TARGET, target.where(bank.index > 3)
        ),
        "column TARGET: is 0 everywhere": with_column(TARGET, 0),
        "has no feature beside SK_ID_CURR and TARGET": bank[[ID, TARGET]]
        .assign(**{PROBA: 0.5})
        .to_csv(),
        "column income: a value is infinite": with_column("income", np.inf),
        "column housing_own is also what a value of a text column is called": with_column(
            "housing_own", 1
        ),
        "too few clients: 270 of 900 are held out, and one class has 12 in all": with_column(
            TARGET, rare
        ),
    }
    for message, text in refused.items():
        path.write_text(text)
        line = refusal(monkeypatch, capsys, "--data", path, "--out", tmp_path / "out")
        assert line.startswith(f"train.py: clients.csv: {message.strip()}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["Unnamed: 0", "", PROBA])
def test_columns_that_are_no_features_are_ignored(tmp_path, monkeypatch, name):
    """The first column by its name or without, and the probabilities of an earlier model."""
    table = a_bank()
    table.insert(0, name, range(len(table)))
    table.to_csv(tmp_path / "clients.csv", index=False)
    run(monkeypatch, "--data", tmp_path / "clients.csv", "--out", tmp_path / "out")
    loaded = scoring.load(tmp_path / "out")
    assert list(loaded.features) == [column for column in a_bank() if column not in (ID, TARGET)]


def test_a_table_that_cannot_be_read_is_refused(tmp_path, monkeypatch, capsys):
    (tmp_path / "latin.csv").write_bytes("SK_ID_CURR,TARGET,café\n1,0,1\n".encode("latin-1"))
    for name, message in {
        "absent.csv": "absent.csv: cannot be read: No such file or directory",
        "latin.csv": "latin.csv: is not a CSV table: 'utf-8' codec can't decode",
        ".": ": cannot be read: Is a directory",
    }.items():
        assert message in refusal(monkeypatch, capsys, "--data", tmp_path / name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--new-clients", "-3"], "argument --new-clients: -3 is not a whole number from 1 to"),
        (["--reference-clients", "0"], "argument --reference-clients: 0 is not a whole number"),
        (["--seed", "x"], "argument --seed: x is not a whole number from 0 to 4294967295"),
        (["--data", "a.csv", "--wide"], "argument --wide: not allowed with argument --data"),
        (["--sizes", "3"], "unrecognized arguments: --sizes 3"),
    ],
)
def test_an_option_that_will_not_do_is_refused(options, message, monkeypatch, capsys):
    assert refusal(monkeypatch, capsys, *options).startswith(f"train.py: {message}")


def test_more_held_out_than_there_are_is_refused(tmp_path, monkeypatch, capsys):
    a_bank().to_csv(tmp_path / "clients.csv")
    options = ("--data", tmp_path / "clients.csv", "--new-clients", 901)
    line = refusal(monkeypatch, capsys, *options)
    assert line.startswith("train.py: clients.csv: too few clients: 1081 of 900 are held out")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch, capsys):
    a_bank().to_csv(tmp_path / "clients.csv")
    options = ("--data", tmp_path / "clients.csv", "--out", tmp_path / "clients.csv")
    assert re.search("File exists: .*clients.csv", refusal(monkeypatch, capsys, *options))


# ---------------------------------------------------------------- the figures


def scored(clients=400, seed=0, decimals=2):
    """Outcomes, and probabilities that know something of them, with ties."""
    rng = np.random.default_rng(seed)
    target = (rng.random(clients) < 0.15).astype(int)
    return target, (0.3 * target + 0.7 * rng.random(clients)).round(decimals)


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_the_cheapest_of_all(seed):
    target, probability = scored(seed=seed)

    def cost(threshold):
        total = 0
        for outcome, p in zip(target.tolist(), probability.tolist(), strict=True):
            refused = p >= threshold
            total += 10 if outcome == 1 and not refused else 1 if outcome == 0 and refused else 0
        return total / len(target)

    by_threshold = {step / 1000: cost(step / 1000) for step in range(1001)}
    cheapest = min(by_threshold.values())
    chosen = cheapest_threshold(target, probability)
    assert chosen == next(t for t, mean in by_threshold.items() if mean == cheapest)
    np.testing.assert_allclose(
        costs(target, probability, THRESHOLDS), [*by_threshold.values()], rtol=1e-12
    )


def test_the_auc_interval_is_delongs():
    """Against DeLong's definition: the share of pairs ranked right, client by client."""
    target, probability = scored(clients=150, decimals=1)
    bad, good = probability[target == 1], probability[target == 0]
    pairs = np.array([[1.0 if b > g else 0.5 if b == g else 0.0 for g in good] for b in bad])
    by_bad, by_good = pairs.mean(axis=1), pairs.mean(axis=0)
    error = np.sqrt(by_bad.var(ddof=1) / len(bad) + by_good.var(ddof=1) / len(good))
    expected = (pairs.mean(), pairs.mean() - 1.959964 * error, pairs.mean() + 1.959964 * error)
    assert auc_interval(target, probability) == pytest.approx(expected, abs=1e-6)


def test_the_auc_interval_stays_within_0_and_1():
    assert auc_interval(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4])) == (1, 1, 1)
    low, high = auc_interval(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9]))[1:]
    assert (low >= 0, high) == (True, 1)


def test_reported_quality_is_that_of_the_held_out_clients(bank):
    table, model = a_bank(), joblib.load(bank / MODEL_FILE)
    facts = json.loads((bank / FACTS_FILE).read_text())
    features = pd.concat([read(bank, REFERENCE_FILE), read(bank, NEW_FILE)])
    target = table.set_index(ID)[TARGET][features[ID]].to_numpy()
    probability = model.predict_proba(features.drop(columns=[ID, TARGET, PROBA]))[:, 1]
    refused = probability >= facts["threshold"]
    quality = facts["quality"]
    cost = (10 * (target[~refused] == 1).sum() + (target[refused] == 0).sum()) / len(target)
    assert quality["cost_per_client"] == round(cost, 4)
    assert quality["cost_per_client_accepting_all"] == round(10 * target.mean(), 4)
    assert quality["default_rate"] == round(target.mean(), 4)
    auc = np.mean(probability[target == 1][:, None] > probability[target == 0])
    assert quality["auc"] == pytest.approx(auc, abs=0.002)
