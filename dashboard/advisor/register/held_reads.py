"""Responses of the register that a session holds for a minute.

A page runs again after each input, and the service notes each read of a decision.
"""

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

import streamlit as st

HELD = "register_reads"
SECONDS = 60
Reads = dict[Hashable, tuple[float, Any]]  # times and responses
T = TypeVar("T")


def reads() -> Reads:
    """The responses that the session holds; cleared, the register is read again."""
    held: Reads = st.session_state.setdefault(HELD, {})
    return held


def held(key: Hashable, fetch: Callable[[], T]) -> T:
    """A response that is at most a minute old; `fetch` gets it if there is none."""
    responses, now = reads(), time.monotonic()
    at, response = responses.get(key, (now - SECONDS - 1, None))
    if now - at > SECONDS:
        for other, (begun, _) in list(responses.items()):
            if now - begun > SECONDS:
                responses.pop(other, None)  # a form in another thread may clear them just now
        at, response = responses[key] = now, fetch()
    return cast(T, response)


def forget() -> None:
    """Drop all responses."""
    reads().clear()
