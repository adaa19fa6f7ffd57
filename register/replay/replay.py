"""`Replay`: the results of all chunks, by bundle."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from credit_scoring.errors import BadFile
from register.archive.stored_bundles import UnknownBundle, stored_bundle
from register.database.database import Database
from register.reading.pages import SECONDS
from register.replay.chunk import Chunk, RecordedDecisions
from register.replay.kept_files import KeptFiles
from register.replay.worker import ChunkResult, KeptChunk, replay_chunk

# Gives each chunk with its result, in any order.
Engine = Callable[[Iterator[KeptChunk]], Iterator[tuple[KeptChunk, ChunkResult]]]


@dataclass(frozen=True)
class Difference:
    """A decision that is not bit-equal.

    Attributes:
        id: of the decision.
        bundle: id of its bundle.
        fields: that differ; empty if the decision cannot be replayed.
        reason: why it cannot be replayed; None if it was.
    """

    id: UUID
    bundle: int
    fields: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(eq=False)
class BundleReplay:
    """The replay of one bundle's decisions.

    Attributes:
        model: SHA-256 of the model file.
        equal: decisions that are equal to the last bit.
        different: decisions that are not.
        failed: decisions that cannot be replayed, by the reason.
        erased: decisions whose data were erased.
        fields: differing fields, with the number of decisions.
        environment: releases then and here, by name, if they differ.
    """

    model: str
    equal: int = 0
    different: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    erased: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    environment: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def decisions(self) -> int:
        """The number of decisions."""
        return self.equal + self.different + self.failed.total() + self.erased


@dataclass(eq=False)
class Replay:
    """Replays decisions.

    Attributes:
        database: of the register.
        decisions: to replay.
        folder: gets the files of bundles; workers see it under the same path.
        bundles: results so far, by id.
    """

    database: Database
    decisions: RecordedDecisions
    folder: Path
    bundles: dict[int, BundleReplay] = field(default_factory=dict)
    _kept: dict[int, KeptFiles | str] = field(default_factory=dict)

    def run(self, engine: Engine) -> Iterator[Difference]:
        """Replay all decisions, and give those that are not bit-equal.

        Args:
            engine: computes the results; `in_this_process`, or workers.

        Raises:
            RegisterAway: the database does not answer.
        """
        unkept: list[Difference] = []
        for given, result in engine(self._chunks(unkept)):
            yield from self._taken(given.chunk, result)
        yield from unkept
        for bundle, number in self.decisions.erased.items():
            self._of(bundle).erased += number

    def _chunks(self, unkept: list[Difference]) -> Iterator[KeptChunk]:
        """Chunks with the files of their bundles."""
        for chunk in self.decisions.chunks():
            kept = self._files(chunk.bundle)
            if isinstance(kept, KeptFiles):
                yield KeptChunk(kept, chunk)
            else:
                unkept += self._taken(chunk, ChunkResult(failure=kept))

    def _files(self, bundle: int) -> KeptFiles | str:
        """The files of a bundle, or the reason why they cannot be written."""
        if bundle not in self._kept:
            try:
                with self.database.reading(SECONDS) as connection:
                    self._kept[bundle] = KeptFiles.write(connection, bundle, self.folder)
            except (BadFile, UnknownBundle) as error:
                self._kept[bundle] = str(error)
        return self._kept[bundle]

    def _taken(self, chunk: Chunk, result: ChunkResult) -> Iterator[Difference]:
        """Add a result, and give the decisions that are not bit-equal."""
        of = self._of(chunk.bundle)
        of.environment = result.environment or of.environment
        if result.failure is not None:
            of.failed[result.failure] += len(chunk)
            for one in chunk.rows:
                yield Difference(one.id, chunk.bundle, reason=result.failure)
            return
        for one, fields in zip(chunk.rows, result.differing, strict=True):
            if fields:
                of.different += 1
                of.fields.update(fields)
                yield Difference(one.id, chunk.bundle, fields)
            else:
                of.equal += 1

    def _of(self, bundle: int) -> BundleReplay:
        if bundle not in self.bundles:
            model = "unknown"
            with suppress(UnknownBundle), self.database.reading() as connection:
                model = stored_bundle(connection, bundle).model
            self.bundles[bundle] = BundleReplay(model)
        return self.bundles[bundle]


def in_this_process(chunks: Iterator[KeptChunk]) -> Iterator[tuple[KeptChunk, ChunkResult]]:
    """Compute the results one by one."""
    for chunk in chunks:
        yield chunk, replay_chunk(chunk)
