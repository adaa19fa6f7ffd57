"""Figures of the model at work: each query is computed once for all workers, and kept a while."""

import hashlib
import hmac
from concurrent.futures import Future
from threading import Event

from api.register.monitoring_query import FiguresQuery
from register.errors import FiguresAway
from service.recording.monitoring.answers import SharedAnswers
from service.recording.monitoring.figures_command import FiguresCommand
from service.settings import Settings
from serving.workers.gunicorn_worker import NotReady, awaited, thread_beside
from serving.workers.sole_worker import SoleWorker

WAIT_SECONDS = 25.0  # the longest wait of a request; the computation goes on
TURN_SECONDS = 0.1  # between two looks whether another worker's computation has ended
WAITING = 16  # queries of a lane, including the one that is computed
MOST_SECONDS = 1_800.0  # of a computation, which has only the time that nothing else computes in


class Lane:
    """Computes one query after the other; of all workers of a server one does at a time."""

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self.turn = SoleWorker(name)
        self.thread = thread_beside(name)
        self.begun: dict[str, Future[bytes]] = {}  # computations that wait or run


class Monitoring:
    """Answers queries about the model at work.

    Queries for stability indices of features read all evidence: they have a lane of their own, so
    that others need not wait for them.
    """

    def __init__(self, settings: Settings, command: FiguresCommand, answers: SharedAnswers) -> None:
        """Compute nothing yet.

        Args:
            settings: name the register and its secret.
            command: computes figures.
            answers: keep them.
        """
        self._command = command
        self._answers = answers
        self._stopped = Event()
        self._lanes = {False: Lane("figures"), True: Lane("feature-figures")}
        pepper, url = settings.register_pepper, settings.register_url
        self._secret = pepper.get_secret_value().encode() if pepper else b""
        address = url.get_secret_value() if url else ""
        self._register = f"{address}\n{settings.performance_months}\n"

    async def answer(self, query: FiguresQuery) -> bytes:
        """The figures as JSON text.

        Raises:
            FiguresAway: they are not computed yet, or cannot be.
        """
        key = self._key(query)
        answer = self._answers.get(key)
        if answer is not None:
            return answer
        try:
            return await awaited(self._begun(key, query), WAIT_SECONDS)
        except NotReady as error:
            raise FiguresAway("the figures are being computed: ask again") from error

    def close(self) -> None:
        """End what is computed."""
        self._stopped.set()
        self._command.stop()
        for lane in self._lanes.values():
            lane.thread.shutdown(wait=False, cancel_futures=True)

    def _key(self, query: FiguresQuery) -> str:
        """A key that is equal for equal queries of one register, and says nothing about them."""
        text = self._register + query.model_dump_json()
        return hmac.digest(self._secret, text.encode(), hashlib.sha256).hex()

    def _begun(self, key: str, query: FiguresQuery) -> Future[bytes]:
        """The computation of a query, which may run already.

        Raises:
            FiguresAway: too many wait.
        """
        lane = self._lanes[query.features]
        begun = lane.begun.get(key)
        if begun is None:
            if len(lane.begun) >= WAITING:
                raise FiguresAway("too many other figures are asked for: ask again")
            begun = lane.begun[key] = lane.thread.submit(self._compute, lane, key, query)
            begun.add_done_callback(lambda _: lane.begun.pop(key, None))
        return begun

    def _compute(self, lane: Lane, key: str, query: FiguresQuery) -> bytes:
        """Compute an answer and keep it, unless another worker does just now.

        Raises:
            FiguresAway: it cannot be computed.
        """
        while not lane.turn.hold():
            if self._stopped.wait(TURN_SECONDS):
                raise FiguresAway("the service stops")
        try:
            answer = self._answers.get(key)
            if answer is None:
                answer = self._command.run(query, MOST_SECONDS)
                self._answers.keep(key, answer)
            return answer
        finally:
            lane.turn.release()
