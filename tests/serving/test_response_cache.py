"""Cached responses: their memory, and which of them are kept."""

import orjson

from serving.batching import ResponseCache
from tests.serving.memory import held_after


def test_answers_take_the_memory_that_is_counted():
    kept = ResponseCache(1_000_000)

    def keep() -> None:
        for client in range(300):
            kept.keep(client, orjson.dumps({"client": client, "values": [0.123456789] * 50}))

    taken = held_after(keep)
    assert len(kept) == 300
    assert kept.currsize < taken < 2 * kept.currsize


def test_the_answers_asked_for_last_are_kept():
    kept = ResponseCache(10)
    for key, body in (("a", b"12345"), ("b", b"12345"), ("c", b"123"), ("d", b"12345678901")):
        kept.keep(key, body)
    assert dict(kept.items()) == {"b": b"12345", "c": b"123"}
