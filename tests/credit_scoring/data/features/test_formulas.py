"""Formulas: their values against pandas, and texts that are not formulas."""

import math

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.features.formulas import LONGEST, NotAFormula, parse

ODD = "APP_EXT_SOURCE_1*EXT_SOURCE_2 (é, #1)"
# By formula, what pandas makes of the columns.
VALUES = {
    "a": lambda f: f["a"],
    "+a": lambda f: f["a"],
    "- a": lambda f: -f["a"],
    "a + b * c": lambda f: f["a"] + f["b"] * f["c"],
    "(a + b) * c": lambda f: (f["a"] + f["b"]) * f["c"],
    "a - b - c": lambda f: (f["a"] - f["b"]) - f["c"],
    "a / b / c": lambda f: (f["a"] / f["b"]) / f["c"],
    "a / -b": lambda f: f["a"] / -f["b"],
    "2 * a + .5e1": lambda f: 2 * f["a"] + 5,
    f"`{ODD}` / (a / 365.25)": lambda f: f[ODD] / (f["a"] / 365.25),
    "`a` * `b`": lambda f: f["a"] * f["b"],
    "mean(a, b, c)": lambda f: f[["a", "b", "c"]].mean(axis=1),
    "median(a, b)": lambda f: f[["a", "b"]].median(axis=1),
    f"median(a, b, c, `{ODD}`)": lambda f: f[["a", "b", "c", ODD]].median(axis=1),
    "median(a, b, c)": lambda f: f[["a", "b", "c"]].median(axis=1),
    "min(a, b, c)": lambda f: f[["a", "b", "c"]].min(axis=1),
    "max(a, b + c)": lambda f: pd.concat([f["a"], f["b"] + f["c"]], axis=1).max(axis=1),
    "sum(a, b, c)": lambda f: f[["a", "b", "c"]].sum(axis=1, min_count=1),
    "var(a, b, c)": lambda f: f[["a", "b", "c"]].var(axis=1, ddof=0),
    "mean(a)": lambda f: f["a"],
    "median(1, a, 3)": lambda f: f.assign(x=1, y=3)[["a", "x", "y"]].median(axis=1),
}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Values of several sizes: a third is missing, some are zero, some rows are empty."""
    random = np.random.default_rng(0)
    values = random.normal(0, 10.0 ** random.integers(-3, 6, (500, 4)))
    values[random.random(values.shape) < 0.3] = np.nan
    values[random.random(values.shape) < 0.1] = 0
    values[:3] = np.nan
    return pd.DataFrame(values, columns=["a", "b", "c", ODD])


def columns(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    return {name: frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize("text", VALUES)
def test_values_are_those_of_pandas(frame: pd.DataFrame, text: str):
    """A division by zero is missing."""
    expected = VALUES[text](frame).replace([np.inf, -np.inf], np.nan)
    computed = parse(text)(columns(frame))
    assert expected.notna().sum() > 50
    np.testing.assert_array_equal(np.isnan(computed), expected.isna())
    np.testing.assert_allclose(computed, expected, rtol=1e-12)


@pytest.mark.parametrize("text", VALUES)
def test_one_client_among_many_gets_the_bits_that_he_gets_alone(frame: pd.DataFrame, text: str):
    formula, values = parse(text), columns(frame)
    together = formula(values)
    alone = [
        formula({name: column[row : row + 1] for name, column in values.items()})
        for row in range(len(frame))
    ]
    assert np.concatenate(alone).tobytes() == together.tobytes()


def test_a_division_by_zero_is_missing_wherever_it_is():
    values = {"a": np.array([0.0, 0.0, 1.0]), "b": np.array([0.0, -0.0, 4.0])}
    assert [math.isnan(value) for value in parse("a / b")(values)] == [True, True, False]
    np.testing.assert_array_equal(parse("sum(1 / b, 7)")(values), [7, 7, 7.25])


def test_inputs_come_once_each_in_their_order():
    assert parse(f"b / `{ODD}` + mean(a, b)").inputs == ("b", ODD, "a")
    assert parse("mean(mean, max)").inputs == ("mean", "max")  # features may be called so


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("quoted0 * `a b` + quoted_1", ("quoted0", "a b", "quoted_1")),
        ("`a\nb` + 1", ("a\nb",)),
    ],
)
def test_names_in_backticks_are_inputs(text: str, inputs: tuple[str, ...]):
    assert parse(text).inputs == inputs


def test_two_backticks_within_a_name_are_refused():
    with pytest.raises(NotAFormula):
        parse("`a b` - `c``d`")


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a +", "a b", "a ** b", "a // b", "a % b", "a @ b", "~a", "not a", "a < b",
        "a and b", "a if b else c", "lambda: a", "a, b", "(a, b)", "[a]", "{a}", "{a: b}",
        "a.real", "a.__class__", "a[0]", "__import__('os')", "__import__('os').system('id')",
        "eval(a)", "abs(a)", "mean()", "mean(*a)", "mean(a, key=b)", "mean(x for x in a)",
        "mean(a)(b)", "(mean)(a).b", "'a'", "b'a' + a", "f'{a}'", "True + a", "None", "... + a",
        "2j * a", "1e999 * a", f"{'9' * 400} * a", "a := 1", "(b := a)", "await a", "yield", "a; b",
        "a = b", "import os", "a # b", "a + # b\n1", "3", "mean(1, 2)", "`a", "a`", "``", "a\0b",
        "(" * 10_000 + "a" + ")" * 10_000, "(" * 900 + "a" + ")" * 900, "-" * 900 + "a",
        "mean(" * 300 + "a" + ")" * 300, "a" + "+a" * 300, "a" * (LONGEST + 1),
    ],
    ids=lambda text: repr(text[:24]),
)  # fmt: skip
def test_only_arithmetic_is_accepted(text: str):
    with pytest.raises(NotAFormula) as refused:
        parse(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200
