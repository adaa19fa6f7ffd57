"""A worker: it loads bundles, and replays one chunk after the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

from credit_scoring.errors import BadFile
from register.replay.chunk import Chunk
from register.replay.chunk_replay import ChunkReplay, Fields
from register.replay.kept_files import KeptFiles
from register.replay.replay_bundle import ReplayBundle

BUNDLES = 4  # that stay loaded

_one_at_a_time = Lock()


@dataclass(frozen=True, eq=False)
class KeptChunk:
    """A chunk and the files of its bundle."""

    kept: KeptFiles
    chunk: Chunk


@dataclass(frozen=True, eq=False)
class ChunkResult:
    """The result of a chunk.

    Attributes:
        differing: names of the fields that differ, for each decision; none if all are equal.
        failure: the reason why no decision could be replayed; None if they were.
        environment: releases then and here, by name, if they differ.
    """

    differing: list[Fields] = field(default_factory=list)
    failure: str | None = None
    environment: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def replay_chunk(given: KeptChunk) -> ChunkResult:
    """Score the decisions of a chunk again, and compare."""
    try:
        with _one_at_a_time:
            bundle = _load(given.kept)
        return ChunkResult(
            ChunkReplay(bundle, given.chunk).differing(), environment=bundle.differences
        )
    except BadFile as error:
        return ChunkResult(failure=str(error))


@lru_cache(maxsize=BUNDLES)
def _load(kept: KeptFiles) -> ReplayBundle:
    return ReplayBundle.load(kept)
