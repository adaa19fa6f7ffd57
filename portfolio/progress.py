"""Progress of a run: a bar in a terminal, else a line from time to time."""

import sys
import time

from tqdm import tqdm  # type: ignore[import-untyped]

LINE_SECONDS = 10  # between lines


class Progress:
    """Bytes done of a total, with rows a second and the time left."""

    def __init__(self, total: int) -> None:
        """Start the clock.

        Args:
            total: bytes of the table.
        """
        self._total = max(1, total)
        self._began = time.monotonic()
        self._said = self._began
        self._done = self._made = self._rows = self._rows_made = 0
        self._bar = None
        if sys.stderr.isatty():
            form = "{percentage:3.0f} % |{bar}| {desc}"
            self._bar = tqdm(total=self._total, bar_format=form, file=sys.stderr, desc="starting")

    def close(self) -> None:
        """Close the bar, and leave the terminal as it is."""
        if self._bar is not None:
            self._bar.close()

    def note(self, weight: int, rows: int, *, made: bool) -> None:
        """Add a part.

        Args:
            weight: bytes of the table that it stands for.
            rows: of its chunk.
            made: true if this run made it, false if an earlier one did.
        """
        self._done += weight
        self._rows += rows
        if made:
            self._made += weight
            self._rows_made += rows
        if self._bar is not None:
            self._bar.update(weight)
            self._bar.set_description_str(self.state())
        elif time.monotonic() > self._said + LINE_SECONDS:
            self._said = time.monotonic()
            self.say(f"{self._done / self._total:.0%}, {self.state()}")

    def state(self) -> str:
        """Describe rows, rows a second and the time left."""
        passed = max(1e-9, time.monotonic() - self._began)
        text = f"{self._rows:,} rows, {self._rows_made / passed:,.0f} rows/s"
        if self._made:
            left = passed * max(0, self._total - self._done) / self._made
            text += f", {duration(left)} left"
        return text

    def say(self, text: str) -> None:
        """Write a line, and redraw the bar below it."""
        tqdm.write(text, file=sys.stderr)


def duration(seconds: float) -> str:
    """Write a time as hours, minutes and seconds: 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def number(count: int, noun: str) -> str:
    """Write a count with its noun in the singular or plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
