"""`Cells`: the cells of a report, and where each stands in a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from advisor.formatting.formats import Words
from advisor.monitoring.figures import model_after, short_hash
from advisor.monitoring.response_models import Cell, MonitoringReport
from advisor.vega_lite.vega import Spec, name

# The service's keys of cells without a value.
OWN_KEYS = {
    "(not known)": "not_known",
    "(others)": "cell_others",
    "(without a grade)": "cell_without_grade",
}
TIME_FORMATS = {"month": "%Y-%m", "week": "%G-W%V"}  # of the axis; as the keys are written
SEPARATOR = ", "  # between the keys of a remark


def own_name(words: Words, key: str) -> str:
    """The name of a cell: in words if the service made its key, else the key itself."""
    return words(OWN_KEYS[key]) if key in OWN_KEYS else key


def own_names(words: Words, keys: str) -> str:
    """The names of cells whose keys are listed in one text."""
    return SEPARATOR.join(own_name(words, key) for key in keys.split(SEPARATOR))


@dataclass(frozen=True)
class Swap:
    """A model that took the place of another one.

    Attributes:
        at: the time of its first decision, or of the last one of the model after which it came
            back.
        model: the beginning of its hash.
    """

    at: str
    model: str


@dataclass(frozen=True)
class Cells:
    """The cells of a report: on a line of time, or as names one below the other."""

    words: Words
    report: MonitoringReport

    @property
    def all(self) -> Sequence[Cell]:
        """The cells in the order of the report."""
        return self.report["cells"]

    @property
    def is_time(self) -> bool:
        """True for months and weeks."""
        return self.report["by"] in TIME_FORMATS

    @cached_property
    def swaps(self) -> Sequence[Swap]:
        """The models that began, or came back, within the period after another one, by time."""
        models = self.report["models"]
        began = [Swap(each["first"], short_hash(each["model"])) for each in models[1:]]
        back = [
            Swap(each["last"], short_hash(after["model"]))
            for each in models
            if (after := model_after(each, models))
        ]
        return sorted([*began, *back], key=lambda swap: swap.at)

    def name(self, key: str) -> str:
        """A cell's name."""
        name = own_name(self.words, key)
        return short_hash(name) if self.report["by"] == "bundle" and key not in OWN_KEYS else name

    def place(self, cell: Cell, number: int = 0, among: int = 1) -> str:
        """The place of a cell's mark: a time within a month or week, else the cell's name.

        Args:
            cell: a cell of the report.
            number: of the mark; marks of one cell stand side by side.
            among: the number of marks in each cell.
        """
        if cell["start"] is None or cell["end"] is None:
            return self.name(cell["key"])
        start, end = map(datetime.fromisoformat, (cell["start"], cell["end"]))
        at = start + (end - start) * (number + 1) / (among + 1)
        return at.astimezone(UTC).isoformat()

    def axis(self) -> Spec:
        """The channel of the places."""
        if not self.is_time:
            return name("at")
        ticks = {"values": [self.place(cell) for cell in self.all]}
        axis = {**ticks, "format": TIME_FORMATS[self.report["by"]], "grid": False}
        scale = {"type": "utc", "domain": [self.report["start"], self.report["end"]]}
        return {"field": "at", "type": "temporal", "title": None, "scale": scale, "axis": axis}

    def title(self) -> str:
        """The name of the cells' column in a table."""
        if self.report["by"] == "group":
            return self.report["group"] or ""
        return self.words(f"by_{self.report['by']}")
