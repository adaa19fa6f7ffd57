"""`Follower`: it scores each recorded decision by the challenger of a folder, soon after it."""

import gc
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from credit_scoring.errors import BadFile
from credit_scoring.model.bundle import Bundle
from register.errors import RegisterAway, UnusableRegister
from register.reading.periods import Period
from register.shadow.backlog import oldest_decision
from register.shadow.challenger_folder import ChallengerFolder
from register.shadow.progress import Progress
from register.shadow.scoring import ScoredPage, Shadow
from register.store import Store

LOOK_SECONDS = 1.0  # between two looks at the folder and at the register, at least,
SHARE = 30.0  # or so many times as long as the last look took,
MOST_SECONDS = 30.0  # and at most
# A decision's time is before its commit, mostly by less than two seconds.
SOON = timedelta(seconds=10)
# A long list takes longer, and another machine's clock may be late: for these a turn looks so far
# back once in so many seconds. Each turn would read all decisions of the time again.
LATE, LATE_SECONDS = timedelta(minutes=10), 60.0


class Follower:
    """Follows a register with the challenger of a folder."""

    def __init__(
        self, store: Store, folder: Path, caller: str, report: Callable[[Progress], object]
    ) -> None:
        """Load nothing yet.

        Args:
            store: the register.
            folder: of the challenger.
            caller: the name in events.
            report: called with the progress, at least once a turn.
        """
        self._store, self._caller, self._report = store, caller, report
        self._folder = ChallengerFolder(folder)
        self._loaded: Bundle | None = None  # that is not in the register yet
        self._shadow: Shadow | None = None
        # Of the challenger, of a turn that looks back, and of another turn.
        self._since = self._start = self._recent = store.now()
        self._back_at = 0.0  # on the monotonic clock: the time of the next turn that looks back
        self._looked = 0.0  # at the folder, on the monotonic clock
        self._took = 0.0  # seconds of the last turn that scored all
        self._refused = 0
        self._problem: str | None = None

    def run(self) -> None:
        """Follow without end."""
        while True:
            self.turn()
            time.sleep(min(max(LOOK_SECONDS, SHARE * self._took), MOST_SECONDS))

    def turn(self) -> None:
        """Look at the folder, and score all decisions that are not scored yet."""
        away = None
        try:
            self._look()
            oldest = self._oldest() if self._shadow is None else self._score(self._shadow)
        except (RegisterAway, UnusableRegister) as error:
            self._store.writer.look()
            away, oldest = str(error), self._start
        self._tell(Progress(oldest=oldest, problem=away))

    def _score(self, shadow: Shadow) -> datetime | None:
        """Score until all is scored or another challenger is in use; gives the oldest one left.

        Raises:
            RegisterAway: the database does not answer.
        """
        began, clock = self._store.now(), time.monotonic()
        looks_back = clock >= self._back_at
        for page in shadow.score(Period(self._start if looks_back else self._recent)):
            self._tell_page(page)
            if page.until is not None and time.monotonic() - self._looked > LOOK_SECONDS:
                self._look()
                if self._shadow is not shadow:
                    return page.until
        if looks_back:
            self._start, self._back_at = max(self._since, began - LATE), clock + LATE_SECONDS
        self._recent = max(self._start, began - SOON)
        self._took = time.monotonic() - clock
        return None

    def _look(self) -> None:
        """Take the files of the folder into use if they changed.

        Raises:
            RegisterAway: the database does not answer; the next look tries it again.
        """
        self._looked = time.monotonic()
        try:
            self._loaded = self._folder.changed() or self._loaded
            if self._loaded is None:
                return
            shadow = Shadow.of(self._store, self._loaded, self._folder.path)
        except BadFile as error:
            self._loaded = None
            self._folder.refuse()
            self._refused += 1
            self._problem = str(error)
            return
        self._since = self._start = shadow.begin(self._caller)
        self._back_at = 0.0
        self._shadow, self._loaded, self._problem = shadow, None, None
        forget_libraries()

    def _oldest(self) -> datetime | None:
        """The time of the first decision that no challenger could score.

        Raises:
            RegisterAway: the database does not answer.
        """
        return oldest_decision(self._store.database, self._start)

    def _tell_page(self, page: ScoredPage) -> None:
        self._tell(Progress(scored=page.scored, failed=page.failed, oldest=page.until))

    def _tell(self, progress: Progress) -> None:
        """Report the progress, with the model and the problem of the folder."""
        model = None if self._shadow is None else self._shadow.challenger.bundle.model_sha256
        self._report(
            Progress(
                model=model,
                scored=progress.scored,
                failed=progress.failed,
                refused=self._refused,
                oldest=progress.oldest,
                problem=progress.problem or self._problem,
            )
        )
        self._refused = 0


def forget_libraries() -> None:
    """Exclude the objects that live now from garbage collections.

    A full collection walks the objects of the model and all libraries: while pages of decisions are
    scored these would take a sixth of the time.
    """
    gc.unfreeze()  # an earlier model is garbage
    gc.collect()
    gc.freeze()
