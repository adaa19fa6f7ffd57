"""The question of the page: months, kind of the cells, and the column of the groups."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import streamlit as st

from advisor import session
from advisor.formatting.formats import Words
from advisor.monitoring.response_models import By

YEARS = 10  # whose months may be chosen
MONTHS_BEFORE = 24  # at first: a month's loans have their default rate a year later
GROUP = re.compile(r"[A-Za-z0-9_-]{1,40}")  # the service refuses other names of columns
FIRST, LAST, BY, GROUP_COLUMN = (f"monitoring_{name}" for name in ("first", "last", "by", "group"))
Query = dict[str, str]


def ask(words: Words) -> Query | None:
    """Show the controls; the parameters of the route, None if the question is incomplete."""
    months = months_until(datetime.now(UTC).date())
    first = choose_month(words, FIRST, months, months[MONTHS_BEFORE])
    last = choose_month(words, LAST, months, months[0])
    by = choose_by(words)
    column = choose_group(words) if by == "group" else ""
    if first > last:
        st.warning(words("months_reversed"))
        return None
    query = {"from": f"{first}-01", "to": last_day(last).isoformat(), "by": by}
    if by != "group":
        return query
    if not column:
        st.info(words("group_needed"))
    elif not GROUP.fullmatch(column):
        st.warning(words("group_wrong"))
    else:
        return query | {"group": column}
    return None


def months_until(day: date) -> list[str]:
    """The months up to that of a day, such as 2026-10, the newest first."""
    here = day.year * 12 + day.month - 1
    numbers = range(here, here - YEARS * 12, -1)
    return [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]


def last_day(month: str) -> date:
    """The last day of a month such as 2026-10."""
    year, number = map(int, month.split("-"))
    following = date(year + number // 12, number % 12 + 1, 1)
    return following - timedelta(days=1)


def choose_month(words: Words, key: str, months: list[str], usual: str) -> str:
    """Show the choice of a month."""
    if st.session_state.get(key) not in months:
        st.session_state[key] = usual
    label = words("first_month" if key == FIRST else "last_month")
    chosen: str = st.selectbox(label, months, key=key, persist_state="session", width=170)
    return chosen


def choose_by(words: Words) -> By:
    """Show the choice of the cells."""
    session.keep_choice(words, BY)
    chosen: By = st.selectbox(
        words("by"),
        get_args(By),
        format_func=lambda by: words(f"by_{by}"),
        key=BY,
        persist_state="session",
        width=170,
    )
    return chosen


def choose_group(words: Words) -> str:
    """Show the field of the column that names the groups."""
    typed = st.text_input(
        words("group_column"),
        key=GROUP_COLUMN,
        help=words("group_column_help"),
        persist_state="session",
        width=240,
    )
    return (typed or "").strip()
