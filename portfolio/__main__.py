"""`python -m portfolio`; see `portfolio.command`."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn


def leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """End at once with a line: an interrupted import writes forty."""
    os.write(2, b"portfolio: interrupted before it began\n")
    os._exit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, leave)
    from portfolio.command import main  # takes seconds

    sys.exit(main())
