"""`Problems`: what verification found, in lines."""

from dataclasses import dataclass, field

from register.evidence.chain import NUMBERS

KEPT = 1_000  # lines


@dataclass(eq=False)
class Problems:
    """Problems, of which the first ones are kept.

    Attributes:
        count: of all problems.
        lines: of the first problems, one each; they name rows, and no value of a client.
    """

    count: int = 0
    lines: list[str] = field(default_factory=list)

    def add(self, row: str, problem: str) -> None:
        """Add a problem of a row, such as ``decision 0192…``."""
        self.count += 1
        if len(self.lines) < KEPT:
            self.lines.append(f"{row}: {problem}")


def block_name(block: int) -> str:
    """A block in words, from its id."""
    stream, number = divmod(block, NUMBERS)
    return f"block {number} of stream {stream}"
