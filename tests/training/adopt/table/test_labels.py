"""Which class of a model means default."""

import numpy as np
import pytest

from training.adopt.problems import NotAdopted
from training.adopt.table.labels import DefaultClass, default_class, spelled

IS_DEFAULT = np.array([False] * 6 + [True] * 4)
RANKING = np.array([0.1, 0.2, 0.3, 0.2, 0.1, 0.4, 0.6, 0.7, 0.8, 0.9])
CHANCE = np.array([0.5, 0.4, 0.6, 0.5, 0.4, 0.6, 0.5, 0.4, 0.6, 0.5])


def both(of_second):
    return np.column_stack([1 - of_second, of_second])


@pytest.mark.parametrize(
    ("label", "text"),
    [(1, "1"), (1.0, "1"), ("1.0", "1"), (-1.0, "-1"), (True, "True"), (" bad ", "bad"),
     ("1.5", "1.5"), ("a.0", "a.0"), ("", "")],
)  # fmt: skip
def test_labels_are_compared_as_texts(label, text):
    assert spelled(label) == text


def test_the_usual_classes_need_no_word():
    found = default_class([0, 1], ("0", "1"), "1", IS_DEFAULT, both(RANKING))
    assert found == DefaultClass(1, None, [])


@pytest.mark.parametrize(
    ("classes", "labels", "label", "of_second", "column", "stated"),
    [
        (["bad", "good"], ("bad", "good"), "bad", 1 - RANKING, 0, "bad"),
        ([1, 2], ("1", "2"), "2", RANKING, 1, 2),
        ([0, 1], ("0", "1"), "0", 1 - RANKING, 0, 0),
        ([False, True], ("False", "True"), "True", RANKING, 1, None),
        ([0, 1], ("False", "True"), "True", RANKING, 1, None),
        ([0, 1], ("False", "True"), "False", 1 - RANKING, 0, 0),
        ([False, True], ("0", "1"), "1", RANKING, 1, None),
    ],
)
def test_classes_that_are_the_tables_labels_decide(
    classes, labels, label, of_second, column, stated
):
    found = default_class(classes, labels, label, IS_DEFAULT, both(of_second))
    assert found == DefaultClass(column, stated, [])


def test_reversed_labels_are_warned_of():
    found = default_class([0, 1], ("0", "1"), "1", IS_DEFAULT, both(1 - RANKING))
    assert (found.column, found.stated) == (1, None)
    assert found.notes == [
        "warning: AUC 0.000 on its own outcome, below 0.5: 0 may be the value that means default:"
        " --default 0"
    ]


@pytest.mark.parametrize(
    ("of_second", "column", "stated"), [(RANKING, 1, None), (1 - RANKING, 0, 0)]
)
def test_other_labels_are_told_by_the_ranking(of_second, column, stated):
    found = default_class([0, 1], ("bad", "good"), "bad", IS_DEFAULT, both(of_second))
    assert (found.column, found.stated) == (column, stated)
    assert found.notes == [
        f"class {column} of the model means bad: its probability ranks these clients above the"
        " others, AUC 1.000"
    ]


def test_other_labels_that_do_not_rank_are_refused():
    with pytest.raises(NotAdopted, match="neither ranks defaults above the others"):
        default_class([0, 1], ("bad", "good"), "bad", IS_DEFAULT, both(CHANCE))


def test_three_classes_are_refused():
    with pytest.raises(NotAdopted, match=r"knows 3 classes \(0, 1, 2\), and two are served"):
        default_class([0, 1, 2], ("0", "1"), "1", IS_DEFAULT, both(RANKING))
