"""Requests of hostile or careless callers, and whether the service may accept them."""

import gzip
import json
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import orjson
from hypothesis import strategies as st

Record = Mapping[str, Any]
LARGEST = sys.float_info.max


def bodies(record: Record) -> dict[str, tuple[bytes, str]]:
    """Bodies for `/prediction/` by name, each with the `detail` of its answer.

    Args:
        record: one that the service accepts.
    """
    first, second, *_ = record
    accepted = f"Accepted: the {len(record)} transformed features, as numbers: /get_json gives them"
    right_body = orjson.dumps(record)
    empty = f"empty, not a JSON object. {accepted}"
    no_object = f"JSON, but not an object. {accepted}"
    many = [f"{number:x}" for number in range(400)]
    strange = [name for name in many if name not in record]
    very_many = dict.fromkeys((f"{number:x}" for number in range(90_000)), 0)

    def refused(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no number")

    with_colon = orjson.dumps(next((name for name in record if ":" in name), first))

    def value(text: str) -> bytes:
        return json.dumps(dict(record) | {first: "HERE"}).replace('"HERE"', text).encode()

    def added(text: str) -> bytes:
        return right_body[:-1] + b"," + text.encode() + b"}"

    def problem(name: str) -> str:
        return f"{name}: {first}. {accepted}"

    def too_much(body: bytes) -> tuple[bytes, str]:
        """A body that is refused before it is decoded, because its punctuation is counted."""
        count = sum(body.count(character) for character in (b",", b":", b"[", b"{"))
        return (
            body,
            f"{count} commas, colons and brackets, far more than a record has. {accepted}",
        )

    def with_reason(body: bytes) -> tuple[bytes, str]:
        try:
            json.loads(body.decode(), parse_constant=refused)
        except (ValueError, RecursionError) as error:
            return body, f"not JSON: {error}. {accepted}"
        raise AssertionError("it is JSON")

    names = list(record)
    missing = f"missing: {', '.join(names[:5])} and {len(names) - 5} more"
    return {
        "nothing": (b"", empty),
        "blanks": (b" \r\n\t", empty),
        "null": (b"null", no_object),
        "list": (b"[" + right_body + b"]", no_object),
        "text": (json.dumps(right_body.decode()).encode(), no_object),
        "number": (b"3", no_object),
        "NaN": with_reason(b"NaN"),
        "NaN inside": with_reason(value("NaN")),
        "Infinity": with_reason(value("Infinity")),
        "-Infinity": with_reason(value("-Infinity")),
        "1e999": (value("1e999"), problem("out of range")),
        "5,000 digits": (value("9" * 5000), problem("out of range")),
        "5,000 digits, negative": (value("-" + "9" * 5000), problem("out of range")),
        "true": (value("true"), problem("not a number")),
        '"3"': (value('"3"'), problem("not a number")),
        "list inside": (value("[3]"), problem("not a number")),
        "object inside": (value('{"a":3}'), problem("not a number")),
        "lone surrogate, value": (value(r'"\ud800"'), problem("not a number")),
        "lone surrogate, key": (added(r'"\ud800":3'), rf"unknown: \ud800. {accepted}"),
        "NUL in a key": (added(r'"\u0000":3'), f"unknown: \0. {accepted}"),
        "key of 10 kB": (added(f'"{"k" * 10_000}":3'), f"unknown: {'k' * 100}…. {accepted}"),
        "byte-order mark": with_reason(b"\xef\xbb\xbf" + right_body),
        "UTF-16": with_reason(right_body.decode().encode("utf-16")),
        "UTF-32": with_reason(right_body.decode().encode("utf-32")),
        "Latin-1": with_reason(added('"Âge":3').decode().encode("latin-1")),
        "lists 100,000 deep": too_much(b"[" * 100_000),
        "closed lists 100,000 deep": too_much(b"[" * 100_000 + b"]" * 100_000),
        "objects 100,000 deep": too_much(b'{"a":' * 100_000),
        "list 100,000 deep inside": too_much(value("[" * 100_000 + "]" * 100_000)),
        "lists 500 deep": (b"[" * 500 + b"]" * 500, no_object),
        "lists 1,050 deep": with_reason(b"[" * 1_050),
        "a list of many lists": too_much(b"[" + b"[]," * 300_000 + b"[]]"),
        "empty object": (b"{}", f"{missing}. {accepted}"),
        "400 unknown keys": (
            orjson.dumps(dict.fromkeys(strange, 0)),
            f"{missing}; unknown: {', '.join(strange[:5])} and {len(strange) - 5} more. {accepted}",
        ),
        "400 keys, the last one twice": (
            orjson.dumps(dict.fromkeys(many, 0))[:-1] + f',"{many[-1]}":0}}'.encode(),
            f"more than once: {many[-1]}. {accepted}",
        ),
        "90,000 keys": too_much(orjson.dumps(very_many)),
        "90,000 keys inside": too_much(value(orjson.dumps(very_many).decode())),
        "the whole answer of /get_json": (
            orjson.dumps({"data": right_body.decode()}),
            f"data alone, a text: decode it, and send the record that it holds. {accepted}",
        ),
        "a key twice": (
            added(f"{json.dumps(first)}:3"),
            f"more than once: {first}. {accepted}",
        ),
        "a key twice, a colon of another escaped": (
            added(f"{json.dumps(first)}:3").replace(
                with_colon, with_colon.replace(b":", rb"\u003a")
            ),
            f"more than once: {first}. {accepted}",
        ),
        "a key less": (
            orjson.dumps({name: number for name, number in record.items() if name != first}),
            f"missing: {first}. {accepted}",
        ),
        "two keys as one": (
            value("3").replace(json.dumps(second).encode(), b'"a:b"', 1),
            f"missing: {second}; unknown: a:b. {accepted}",
        ),
        "cut short": with_reason(right_body[: len(right_body) // 2]),
        "two records": with_reason(right_body * 2),
        "single quotes": with_reason(str(dict(record)).encode()),
        "gzip": with_reason(gzip.compress(right_body)),
        "gzip bomb": with_reason(gzip.compress(bytes(100_000_000))),
        "form": with_reason(b"param_name=1&data=" + right_body),
        "binary": with_reason(bytes(range(256))),
        "a number of 900 kB": (value("1." + "1" * 900_000 + "e999"), problem("out of range")),
    }


def client_queries(path: str, clients: int) -> dict[str, tuple[str, int, str]]:
    """Queries for a route that takes a client's id, by name, with status and `detail`."""

    def unknown(number: str) -> tuple[int, str]:
        known = f"not one of the {clients} new clients: /get_ids lists them"
        return 404, f"unknown client {number}, {known}"

    def no_integer(shown: str) -> tuple[int, str]:
        return 422, f"param_name is not an integer, a client's id: {shown}"

    missing = (422, f"param_name is missing: {path}?param_name=…")
    return {
        "none": ("", *missing),
        "another name": ("?client=1", *missing),
        "upper case": ("?PARAM_NAME=1", *missing),
        "empty": ("?param_name=", *no_integer("")),
        "text": ("?param_name=abc", *no_integer("abc")),
        "decimal": ("?param_name=1.0", *no_integer("1.0")),
        "exponent": ("?param_name=1e5", *no_integer("1e5")),
        "NaN": ("?param_name=NaN", *no_integer("NaN")),
        "underscore": ("?param_name=1_0", *no_integer("1_0")),
        "space before": ("?param_name=%201", *no_integer(" 1")),
        "plus": ("?param_name=+1", *no_integer(" 1")),
        "line end": ("?param_name=1%0A", *no_integer("1\n")),
        "NUL": ("?param_name=1%00", *no_integer("1\0")),
        "Arabic digits": ("?param_name=%D9%A1", *no_integer("\u0661")),
        "surrogate": ("?param_name=%ED%A0%80", *no_integer("\ufffd\ufffd\ufffd")),
        "not UTF-8": ("?param_name=%FF", *no_integer("\ufffd")),
        "101 digits": (f"?param_name={'1' * 101}", *no_integer("1" * 100 + "…")),
        "10 kB": (f"?param_name={'1' * 10_000}", *no_integer("1" * 100 + "…")),
        "40 digits": (f"?param_name={'1' * 40}", *unknown("1" * 40)),
        "negative": ("?param_name=-1", *unknown("-1")),
        "zeros": ("?param_name=000", *unknown("0")),
        "two": ("?param_name=1&param_name=-2", *unknown("-2")),
    }


def feature_queries(features: int) -> dict[str, tuple[str, int, str]]:
    """Queries for `/get_kde` by name, with status and `detail`."""

    def unknown(shown: str) -> tuple[int, str]:
        known = f"not one of the {features} features: /get_feat lists them"
        return 404, f"unknown feature {shown}, {known}"

    return {
        "none": ("", 422, "param_name is missing: /get_kde?param_name=…"),
        "empty": ("?param_name=", *unknown("")),
        "target": ("?param_name=TARGET", *unknown("TARGET")),
        "id": ("?param_name=SK_ID_CURR", *unknown("SK_ID_CURR")),
        "NUL": ("?param_name=%00", *unknown("\0")),
        "surrogate": ("?param_name=%ED%A0%80", *unknown("\ufffd\ufffd\ufffd")),
        "10 kB": (f"?param_name={'x' * 10_000}", *unknown("x" * 100 + "…")),
        "path": ("?param_name=../../etc/passwd", *unknown("../../etc/passwd")),
        "markup": ("?param_name=<script>", *unknown("<script>")),
    }


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
# Texts that are put into a body as they are, though some of them are not JSON.
TOKENS = st.sampled_from(
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "0x1", "01", "1.", ".5", "+1", "--1", "1e",
     "9" * 400, "1e-999", "-0", "true", "null", '"3"', '"\\ud800"', '"\\x"', "[]", "{}", "", "\0"]
)  # fmt: skip


@st.composite
def changed_bodies(draw: st.DrawFn, record: Record) -> bytes:
    """An accepted record with a change of a key, a value or some bytes."""
    changed = dict(record)
    name = draw(st.sampled_from(sorted(record)))
    match draw(st.sampled_from(["value", "token", "remove", "add", "rename", "bytes", "cut"])):
        case "value":
            changed[name] = draw(JSON)
        case "token":
            changed[name] = "HERE"
            return json.dumps(changed).replace('"HERE"', draw(TOKENS)).encode()
        case "remove":
            for gone in draw(st.lists(st.sampled_from(sorted(record)), min_size=1, max_size=9)):
                changed.pop(gone, None)
        case "add":
            changed |= draw(st.dictionaries(st.text(max_size=30), JSON, min_size=1, max_size=5))
        case "rename":
            changed[draw(st.text(max_size=30))] = changed.pop(name)
        case "bytes":
            body = json.dumps(changed).encode()
            start = draw(st.integers(0, len(body)))
            end = start + draw(st.integers(0, 8))
            return body[:start] + draw(st.binary(max_size=8)) + body[end:]
        case "cut":
            body = json.dumps(changed).encode()
            return body[: draw(st.integers(0, len(body)))]
    return json.dumps(changed).encode()


def any_bodies(record: Record) -> st.SearchStrategy[bytes]:
    """Bodies that are almost right, mostly, or anything."""
    written = JSON.map(lambda value: json.dumps(value).encode())
    return changed_bodies(record) | changed_bodies(record) | written | st.binary(max_size=300)


def strict_json(body: bytes, parse_int: Callable[[str], float]) -> Any:
    """Decode JSON.

    Raises:
        ValueError: it is not JSON, has a key twice, or NaN or infinity.
        RecursionError: it is too deep.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key twice")
        return dict(pairs)

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    return json.loads(
        body.decode(), object_pairs_hook=once, parse_constant=refuse, parse_int=parse_int
    )


def is_acceptable(body: bytes, record: Record, nullable: frozenset[str]) -> bool:
    """Whether the contract lets a body be scored, by a plain reading of it."""
    try:
        sent = strict_json(body, float)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(sent, dict)
        and sent.keys() == record.keys()
        and all(
            name in nullable
            if value is None
            else isinstance(value, float) and math.isfinite(value) and abs(value) <= LARGEST
            for name, value in sent.items()
        )
    )


def is_refusal(status: int, content_type: str, body: bytes) -> bool:
    """Whether an answer is a small 4xx in JSON with a text `detail`, as all refusals are."""
    if not 400 <= status < 500 or content_type != "application/json" or len(body) > 64_000:
        return False
    answer = orjson.loads(body)
    return list(answer) == ["detail"] and isinstance(answer["detail"], str)
