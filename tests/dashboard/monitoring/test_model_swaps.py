"""Changes of the model within a report: new models, and models that come back."""

from typing import Any, cast

import pytest

from advisor.formatting.formats import Words
from advisor.monitoring.cells import Cells, Swap
from advisor.monitoring.figures import model_after
from advisor.monitoring.response_models import MonitoringReport

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def use(model: str, first: int, last: int) -> dict[str, Any]:
    """A model in use between two days of March."""
    return {"model": model, "first": f"2026-03-{first:02}", "last": f"2026-03-{last:02}"}


@pytest.mark.parametrize(
    ("models", "swaps", "after"),
    [
        ([use(A, 1, 31)], [], [None]),
        ([use(A, 1, 9), use(B, 10, 31)], [(10, B)], [None, None]),
        ([use(A, 1, 31), use(B, 10, 19)], [(10, B), (19, A)], [None, A]),
        (
            [use(A, 1, 25), use(B, 10, 19), use(C, 26, 31)],
            [(10, B), (19, A), (26, C)],
            [None, A, None],
        ),
    ],
)
def test_a_return_is_a_change_too(models, swaps, after):
    report = cast(MonitoringReport, {"models": models, "by": "month", "cells": []})
    expected = [Swap(f"2026-03-{day:02}", model[:8]) for day, model in swaps]
    assert Cells(Words("en"), report).swaps == expected
    found = [model_after(each, report["models"]) for each in report["models"]]
    assert [one and one["model"] for one in found] == after
