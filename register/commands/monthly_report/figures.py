"""`MonthlyFigures`: the figures that a report shows, and the axis of time that its charts share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from register.commands.monthly_report.elements.charts import Axis, Swap
from register.commands.monthly_report.elements.numbers import NONE, listed
from register.commands.monthly_report.month import NAMES, Month
from register.monitoring.document.cell import Cell
from register.monitoring.document.report import ModelInUse, MonitoringReport

HISTORY = 24  # months before the month of a report
SHORT_HASH = 12  # characters of a model's SHA-256 in captions and tables


@dataclass(frozen=True, eq=False)
class MonthlyFigures:
    """The figures of a month, and those of the months before it for comparison.

    Attributes:
        month: of the report.
        history: of the month and the months before it, by month or week.
        current: of the month alone, with the features.
        breakdown: of the time of `history` in other cells; None if none were requested.
        groups: of the time of `history` by group; None if no group was requested.
    """

    month: Month
    history: MonitoringReport
    current: MonitoringReport
    breakdown: MonitoringReport | None = None
    groups: MonitoringReport | None = None

    @property
    def cells(self) -> Sequence[Cell]:
        """The months or weeks of the report."""
        return self.history.cells

    @cached_property
    def mature(self) -> Sequence[Cell]:
        """The months or weeks up to the last one with loans whose window has ended."""
        with_mature = [at for at, cell in enumerate(self.cells) if cell.maturity.mature]
        return self.cells[with_mature[0] : with_mature[-1] + 1] if with_mature else ()

    @cached_property
    def models(self) -> Mapping[str, ModelInUse]:
        """The models in use, by their hashes."""
        return {found.model: found for found in self.history.models}

    @property
    def period(self) -> str:
        """The name of the cells of time."""
        return self.history.by

    def earlier(self, months: int) -> Cell | None:
        """The cell of a month before that of the report; None if the cells are weeks."""
        key = str(self.month.later(-months))
        return next((cell for cell in self.cells if cell.key == key), None)

    def axis(self, cells: Sequence[Cell]) -> Axis:
        """The axis of time of some cells that follow each other, with the changes of the model."""
        began = {found.first: found for found in self.history.models[1:]}
        returned = {self.models[one].last: back for one, back in self.returns.items()}
        swaps = [
            Swap(place, f"model {short(found.model)}")
            for moment, found in sorted({**began, **returned}.items())
            if (place := _place(moment, cells)) is not None
        ]
        return Axis([tick(cell.key) for cell in cells], swaps)

    @cached_property
    def returns(self) -> Mapping[str, ModelInUse]:
        """By the hash of a model: the earlier model that still decided after its last decision."""
        models = self.history.models
        found = {}
        for at, model in enumerate(models):
            last = max(models[: at + 1], key=lambda earlier: earlier.last)
            if last is not model:
                found[model.model] = last
        return found

    def in_use(self, model: ModelInUse) -> str:
        """A model with the time of its use, such as 9ff7ac61cbe0 since 3 March 2026."""
        if model.model in self.returns:
            return f"{short(model.model)} from {day(model.first)} to {day(model.last)}"
        return f"{short(model.model)} since {day(model.first)}"

    def of_models(self, cells: Sequence[Cell]) -> str:
        """Sentence that names the models of some cells, for captions."""
        seen = {share.model for cell in cells for share in cell.models}
        models = [found for found in self.history.models if found.model in seen]
        if not models:
            return "No model decided."
        first, *others = models
        names = [short(first.model), *map(self.in_use, others)]
        return f"{'Models' if others else 'Model'} {listed(names)}."


def short(model: str) -> str:
    """The beginning of a model's hash."""
    return model[:SHORT_HASH]


def day(moment: date) -> str:
    """A day in words, such as 3 March 2026."""
    return f"{moment.day} {NAMES[moment.month - 1]} {moment.year}"


def hours(moment: datetime) -> str:
    """A moment in words, such as 3 March 2026, 14:05 UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def name(key: str) -> str:
    """The name of a month in tables, such as Oct 2026; other keys stay as they are."""
    year, _, number = key.partition("-")
    return f"{NAMES[int(number) - 1][:3]} {year}" if number.isdecimal() else key


def tick(key: str) -> str:
    """The name of a month or week on an axis, on two lines."""
    return name(key).replace(" ", "\n").replace("-", "\n")


def models_of(cell: Cell) -> str:
    """The short hashes of the models of a cell."""
    return ", ".join(short(share.model) for share in cell.models) or NONE


def main_model(cell: Cell) -> str | None:
    """The model with the most decisions of a cell."""
    shares = sorted(cell.models, key=lambda share: -share.decisions)
    return shares[0].model if shares else None


def _place(moment: datetime, cells: Sequence[Cell]) -> float | None:
    """Place of a moment on the axis of some cells; None outside them."""
    for at, cell in enumerate(cells):
        if cell.start and cell.end and cell.start <= moment < cell.end:
            return at - 0.5 + (moment - cell.start) / (cell.end - cell.start)
    return None
