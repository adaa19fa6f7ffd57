"""`python -m portfolio` starts here; the command is in `portfolio.command`."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn


def leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """Exit at once with one line, instead of the forty of an interrupted import."""
    os.write(2, b"portfolio: interrupted before it started\n")
    os._exit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, leave)
    from portfolio.command import main  # which takes seconds

    sys.exit(main())
