"""Records and answers as they are stored: to the last bit, small, and no other way back."""

import math
import random
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import orjson
import pytest
import zstandard

from credit_scoring.data.raw_batch import RawBatch
from register.evidence.compression import (
    ANSWER_DICTIONARY,
    FEW,
    FEWEST_SAMPLES,
    LARGEST,
    PLAIN,
    WITHOUT_DICTIONARIES,
    Codec,
    EvidenceCodec,
    trained_dictionary,
)
from register.evidence.records import Evidence, answer_head, evidence_rows, record_texts, rows_of

DECISION = UUID("0198f2a0-1111-7222-8333-444455556666")
AT = datetime(2026, 11, 28, 13, 5, 1, 70, tzinfo=UTC)
HEAD = b'{"id":"0198f2a0-1111-7222-8333-444455556666","at":"2026-11-28T13:05:01.000070Z"'

AWKWARD = [
    0.0, -0.0, 1.0, -1.0, 10.0, 1.05, -0.05, 100.0, 0.1 + 0.2, 5e-324, 1.7976931348623157e308,
    -1.7976931348623157e308, 1e15, 1e16, 1e17, 123456789012345680.0, 2.0**53, 2.0**53 + 2, 2.0**63,
    2.0**64, 1e22, 1e23, 4.35, 1e-7, math.nan, 20.000000000000043,
]  # fmt: skip


def bits(values) -> list[bytes]:
    return [b"nan" if value != value else struct.pack(">d", value) for value in values]


def drawn_doubles(number: int) -> list[float]:
    """Doubles of all sizes, whole ones among them."""
    draw = random.Random(1)
    found = []
    for _ in range(number):
        value = struct.unpack(">d", draw.randbytes(8))[0]
        whole = float(draw.randrange(-(10 ** draw.randrange(1, 19)), 10 ** draw.randrange(1, 19)))
        found += [value if math.isfinite(value) else math.nan, whole, round(draw.random(), 2)]
    return found


@pytest.mark.parametrize("numbers", [AWKWARD, AWKWARD[:1], drawn_doubles(500)], ids=len)
def test_numbers_come_back_to_the_last_bit(numbers):
    rows = [numbers, numbers[::-1]]
    # -0.0 stands between others, at the end and alone.
    for row in [*rows, [-0.0], [0.0], [1.0, -0.0], [-0.0, 1.0], [2.0, 3.0]]:
        (text,) = record_texts(RawBatch(np.array([row]), {}))
        assert bits(rows_of([text], []).numbers[0]) == bits(row)
    both = record_texts(RawBatch(np.array(rows), {}))
    assert [bits(row) for row in rows_of(both, []).numbers] == [bits(row) for row in rows]


def plain_text(values: Sequence[float | str | None]) -> bytes:
    """A record from values in Python."""
    text = orjson.dumps(values)
    return text if b'"' in text or b"-0.0," in text else text.replace(b".0,", b",")


@pytest.mark.parametrize("layout", ["C", "F"])
def test_texts_are_those_of_plain_values(layout):
    numbers = drawn_doubles(400)
    table = np.array([numbers, numbers[::-1], [1.0] * len(numbers)], order=layout)
    assert record_texts(RawBatch(table, {})) == [plain_text(row) for row in table.tolist()]
    texts = np.array(["A.0,", None, "-0.0,"], dtype=object)
    rows = [[text, *row[1:]] for text, row in zip(texts, table.tolist(), strict=True)]
    assert record_texts(RawBatch(table, {0: texts})) == [plain_text(row) for row in rows]


def test_whole_numbers_are_written_short():
    batch = RawBatch(np.array([[1.0, 10.0, 1.05, math.nan, 3.0]]), {})
    assert record_texts(batch) == [b"[1,10,1.05,null,3.0]"]


@pytest.mark.parametrize("text", ["A.0,B", "1.0,", '"1.0,"', "-0.0,", None, "Zoë ☺"])
def test_texts_come_back_as_they_were(text):
    numbers = np.array([[1.0, math.nan, 7.0], [-0.0, math.nan, 8.0]])
    texts = {1: np.array([text, "other"], dtype=object)}
    back = rows_of(record_texts(RawBatch(numbers, texts)), [1])
    assert back.texts[1].tolist() == [text, "other"]
    assert [bits(row) for row in back.numbers] == [bits(row) for row in numbers]


def evidence(answer: bytes, record: bytes = b"[1,2.5]") -> Evidence:
    return Evidence(
        record=record, answer=answer, client="7", reference="A", reasons=4, quick=True,
        salt=bytes(16),
    )  # fmt: skip


def answers(number: int) -> list[bytes]:
    """Answers that repeat their names, as those of one bundle."""
    draw = random.Random(2)
    names = [f"FEATURE_{index}_OF_THE_BUNDLE" for index in range(40)]
    return [
        HEAD
        + b',"reasons":'
        + orjson.dumps([{"name": name, "value": draw.random()} for name in draw.sample(names, 9)])
        + b"}"
        for _ in range(number)
    ]


@pytest.fixture(scope="module")
def codec() -> EvidenceCodec:
    """A codec with a dictionary for answers."""
    return EvidenceCodec.of_bytes(None, trained_dictionary(answers(60), ANSWER_DICTIONARY))


def test_the_head_of_an_answer_is_made_again(codec):
    for one in answers(5):
        for used in (codec, WITHOUT_DICTIONARIES):
            (row,) = evidence_rows({DECISION: evidence(one)}, AT, used)
            assert Evidence.of_row(row, used) == evidence(one)
            assert b"0198f2a0" not in used.answers.decompress(row["answer"])
    assert answer_head(DECISION, AT) == HEAD


@pytest.mark.parametrize(
    "answer", [b"{}", b'{"id":"x","at":"y"}', HEAD.replace(b"0198", b"0199") + b"}", b'{ "id": 1}']
)
def test_an_answer_with_another_head_is_stored_whole(codec, answer):
    (row,) = evidence_rows({DECISION: evidence(answer)}, AT, codec)
    assert Evidence.of_row(row, codec) == evidence(answer)
    assert codec.answers.decompress(row["answer"]) == answer


def test_a_dictionary_makes_answers_smaller(codec):
    sizes = [
        sum(len(used.answers.compress(one.removeprefix(HEAD))) for one in answers(20))
        for used in (codec, WITHOUT_DICTIONARIES)
    ]
    assert sizes[0] < 0.8 * sizes[1]


def test_another_codec_gives_no_other_text(codec):
    content = codec.answers.compress(answers(1)[0])
    other = Codec.of_bytes(trained_dictionary(answers(61)[1:], 5_000))
    for used in (PLAIN, other):
        try:
            assert used.decompress(content) != answers(1)[0]
        except zstandard.ZstdError:
            continue


@pytest.mark.parametrize("content", [b"", b"x" * 40, zstandard.compress(b"abc")[:-1]])
def test_what_no_codec_made_is_refused(content):
    with pytest.raises(zstandard.ZstdError):
        PLAIN.decompress(content)


def test_a_text_that_claims_to_be_huge_is_refused_before_it_takes_memory():
    bomb = zstandard.ZstdCompressor().compress(b"\0" * (LARGEST + 1))
    assert len(bomb) < 10_000
    with pytest.raises(zstandard.ZstdError, match=r"^too large$"):
        PLAIN.decompress(bomb)
    stream = zstandard.ZstdCompressor(write_content_size=False).compress(b"abc")
    with pytest.raises(zstandard.ZstdError, match=r"^too large$"):
        PLAIN.decompress(stream)


def test_too_few_or_too_short_samples_give_no_dictionary():
    assert trained_dictionary([], 1_000) is None
    assert trained_dictionary(answers(FEWEST_SAMPLES - 1), 1_000) is None
    assert trained_dictionary([b""] * FEWEST_SAMPLES, 1_000) is None
    assert trained_dictionary(answers(FEWEST_SAMPLES), 1_000) is not None


@pytest.mark.parametrize("number", [1, FEW, FEW + 1, 1_000])
def test_many_texts_are_compressed_as_one(codec, number):
    texts = [*answers(number)[1:], b"{}"]
    for used in (codec.answers, PLAIN):
        assert used.compress_all(texts) == [used.compress(text) for text in texts]


def test_evidence_of_several_decisions_is_that_of_each(codec):
    each = {UUID(int=7): evidence(HEAD + b"}"), DECISION: evidence(HEAD + b',"a":1}', b"[3]")}
    together = evidence_rows(each, AT, codec)
    assert together == [evidence_rows({of: one}, AT, codec)[0] for of, one in each.items()]
    assert [row["decision"] for row in together] == list(each)
    records = [b"first", b"second"]  # as they were compressed before
    assert evidence_rows(each, AT, codec, records) == [
        row | {"record": record} for row, record in zip(together, records, strict=True)
    ]


def test_threads_share_a_codec(codec):
    texts = answers(200)
    with ThreadPoolExecutor(8) as pool:
        packed = list(pool.map(codec.answers.compress, texts))
        assert list(pool.map(codec.answers.decompress, packed)) == texts
