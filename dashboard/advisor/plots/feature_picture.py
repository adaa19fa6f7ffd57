"""One feature among the clients who repaid and those who did not: sentences beside charts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streamlit.delta_generator import DeltaGenerator

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.plots import category_bars, feature_axis
from advisor.plots.category_bars import MOST_CATEGORIES, CategoryCount, ClassSizes
from advisor.service_client.response_models import Feature, Value
from advisor.statements.comparison import Comparison
from advisor.vega_lite import charts
from advisor.vega_lite.vega import ClassLegend

BINS = 24


@dataclass(frozen=True)
class FeaturePicture:
    """The pictures of one feature and their sentences.

    Attributes:
        words: texts and number formats.
        feature: the feature.
        own: the client's value.
        by_class: known values of the clients who repaid, and of those who did not.
        sizes: the clients of both classes; None if they are not known.
    """

    words: Words
    feature: Feature
    own: Value
    by_class: Sequence[list[Any]]
    sizes: ClassSizes | None

    def show(self, text: DeltaGenerator, picture: DeltaGenerator) -> None:
        """Show the sentences in one place of the page and the charts in another."""
        if self.feature["kind"] == "number":
            self._show_density(text, picture)
            if self.feature["missing"] and self.sizes:
                self._tell_missing(text, self.sizes)
        else:
            self._show_categories(text, picture)
        if self.feature["missing"] and not self.sizes:
            share = self.words.percent(self.feature["missing"], 1)
            text.markdown(self.words("missing_share", share=share))

    def _tell(self, text: DeltaGenerator, sentence: str) -> None:
        """Show a sentence that may have the feature's label."""
        with text:
            page_elements.paragraph(sentence, self.feature["label"])

    def _show_density(self, text: DeltaGenerator, picture: DeltaGenerator) -> None:
        """Show a number's density in both classes, and the client's own value."""
        words, feature = self.words, self.feature
        if not any(self.by_class):
            text.markdown(words("nobody_known"))
            return
        comparison = Comparison(feature, self.by_class)
        paid, unpaid = comparison.medians(words)
        own = self.own if isinstance(self.own, float | int) else None
        sentences = [
            words("client_not_known") if own is None else comparison.sentence(words, own),
            words("density", label=feature["label"], paid=paid, unpaid=unpaid),
        ]
        for sentence in sentences:
            self._tell(text, sentence)
        drawn = trimmed(self.by_class[0] + self.by_class[1])
        axis = feature_axis.axis_of(words, feature, drawn)
        low, high = sorted((axis.at(drawn[0]), axis.at(drawn[-1])))
        width = (high - low) / BINS
        legend = ClassLegend(words("paid"), words("unpaid"))
        rows = [
            {"x": low + (at + 0.5) * width, "share": share, "class": name}
            for name, values in zip((legend.paid, legend.unpaid), self.by_class, strict=True)
            for at, share in enumerate(histogram([*map(axis.at, values)], low, high))
        ]
        titles = axis.title, words("share_of_class")
        own_at = None if own is None else axis.at(own)
        spec = charts.density(rows, titles, legend, own_at, words("this_client"))
        with picture:
            page_elements.picture(spec, " ".join(reversed(sentences)))

    def _show_categories(self, text: DeltaGenerator, picture: DeltaGenerator) -> None:
        """Show the shares of categories and of unknown values in both classes.

        Without the sizes of the classes, shares are of the clients with a known value.
        """
        words, feature, value = self.words, self.feature, self.own
        counts = [Counter(values) for values in self.by_class]
        together = counts[0] + counts[1]
        ordered: list[Value] = [name for name, _ in together.most_common(MOST_CATEGORIES)]
        if value is not None and value not in ordered:
            ordered[MOST_CATEGORIES - 1 :] = [value]  # the client's own is always shown
        shown = [
            CategoryCount(
                words.feature_value(feature, name), [count[name] for count in counts], name == value
            )
            for name in ordered
        ]
        if others := [name for name in together if name not in ordered]:
            sums = [sum(count[name] for name in others) for count in counts]
            shown.append(CategoryCount(words("other_values"), sums, is_own=False))
        sizes = self.sizes
        if sizes is None:
            sizes = counts[0].total(), counts[1].total()
        elif feature["missing"] or value is None:
            unknown = [size - count.total() for size, count in zip(sizes, counts, strict=True)]
            shown.append(CategoryCount(words("not_known"), unknown, value is None))
        paid, unpaid = category_bars.own_shares(words, shown, sizes)
        own = words.feature_value(feature, value)
        label = feature["label"]
        sentence = words("categories", label=label, value=own, paid=paid, unpaid=unpaid)
        self._tell(text, sentence)
        with picture:
            category_bars.show(words, label, sentence, shown, sizes)

    def _tell_missing(self, text: DeltaGenerator, sizes: ClassSizes) -> None:
        """Show the shares of unknown values of a number in both classes."""
        known = self.feature["class0"]["present"], self.feature["class1"]["present"]
        unknown = [size - count for size, count in zip(sizes, known, strict=True)]
        paid, unpaid = (
            self.words.percent(share, 1) for share in category_bars.shares(unknown, sizes)
        )
        label = self.feature["label"]
        self._tell(text, self.words("missing_shares", label=label, paid=paid, unpaid=unpaid))


def histogram(values: Sequence[float], low: float, high: float) -> list[float]:
    """The share of values in each of equally wide bins; values outside are not drawn."""
    width = (high - low) / BINS or 1.0
    counts = [0] * BINS
    for value in values:
        if low <= value <= high:
            counts[min(int((value - low) / width), BINS - 1)] += 1
    return [count / len(values) for count in counts] if values else [0.0] * BINS


def trimmed(values: list[float]) -> list[float]:
    """The sorted values without the lowest and the highest hundredth."""
    every, cut = sorted(values), len(values) // 100
    return every[cut : len(every) - cut]
