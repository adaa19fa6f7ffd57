"""Values of reference clients by class, and the spellings that find a feature."""

from dataclasses import replace

import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from credit_scoring.data.artifacts import ID, PROBA, REFERENCE_FILE, TARGET
from credit_scoring.errors import UnknownFeature
from tests.support.bundles.artefacts import (
    AWKWARD,
    PLAIN,
    lightgbm,
    make_folder,
)
from tests.support.tables import cells, value


def test_reference_values_are_those_of_each_class_in_file_order(case):
    rows = cells(case.folder / REFERENCE_FILE).values()
    for feature in case.bundle.features:
        expected = [
            [value(row[feature]) for row in rows if row[TARGET] == of_class and row[feature]]
            for of_class in "01"
        ]
        assert [list(values) for values in case.bundle.reference_values(feature)] == expected


@pytest.mark.parametrize("feature", ["", "amt_credit", ID, TARGET, PROBA, "Unnamed: 0"])
def test_an_unknown_feature_is_named(lightgbm_case, feature):
    with pytest.raises(UnknownFeature) as refused:
        lightgbm_case.bundle.reference_values(feature)
    assert str(refused.value) == (f"unknown feature {feature}, not one of the 8 features")


def test_an_unknown_feature_is_named_in_short(lightgbm_case):
    with pytest.raises(UnknownFeature, match=rf"^unknown feature {'x' * 100}…, not one of "):
        lightgbm_case.bundle.reference_values("x" * 1_000_000)


class CountedName(str):
    """A name that counts how often names are compared."""

    times = 0

    def __eq__(self, other: object) -> bool:
        CountedName.times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__

    def replace(self, *changes) -> "CountedName":
        return CountedName(str.replace(self, *changes))


def test_many_features_are_looked_up_in_linear_time(lightgbm_case):
    """A comparison of each name with all others would take a second for 10,000 features."""
    names = tuple(
        CountedName(f"{number}+a" if number % 2 else f"{number}") for number in range(2_000)
    )
    many = replace(lightgbm_case.bundle, features=names, names=names, full_names=names)
    reference = replace(many.reference, columns=many.reference.columns[:1] * 2_000)
    many = replace(many, reference=reference)
    CountedName.times = 0
    assert many.reference_values("1 a")[0].size > 0
    assert CountedName.times < 20 * len(names)


def test_a_plus_may_come_as_a_space(lightgbm_case):
    exact = lightgbm_case.bundle.reference_values("previous_CHANNEL_TYPE_AP+ (Cash loan)_mean")
    spaced = lightgbm_case.bundle.reference_values("previous_CHANNEL_TYPE_AP  (Cash loan)_mean")
    assert [list(values) for values in spaced] == [list(values) for values in exact]


def test_a_plus_that_may_come_as_the_space_of_another_name_is_needed(tmp_path):
    """`a b` is itself; `c d` is `c+d`; `e f ` might be two features, so it is none."""
    names = ["a b", "a+b", "c+d", "e+f+", "e+f "]
    columns = dict(zip(PLAIN + AWKWARD[:2], names, strict=True))
    folder = make_folder(
        tmp_path / "ressources",
        make_pipeline(SimpleImputer(), lightgbm()),
        PLAIN + AWKWARD[:2],
        lambda frame: frame.rename(columns=columns),
        names,
    )
    bundle, reference = folder.load(), folder.read(REFERENCE_FILE)
    solvent = reference[reference[TARGET] == 0]
    for spelling, column in [*zip(names, names, strict=True), ("c d", "c+d")]:
        expected = solvent[column].dropna().tolist()
        assert bundle.reference_values(spelling)[0].tolist() == expected
    with pytest.raises(UnknownFeature):
        bundle.reference_values("e f ")
