"""docs/register.md against the code: routes with their roles, commands, columns, refusals."""

import re
from typing import get_args

from register.__main__ import COMMANDS
from register.tables import schema
from register.writing.queue.waiting import Reason
from service.http_rules import ROLES
from service.recording.routes import ROUTES
from tests.support.servers.server import ROOT

PAGE = (ROOT / "docs/register.md").read_text()


def section(title: str) -> str:
    """The text below a heading, up to the next one of its level."""
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return found


def in_backticks(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_page_names_each_route_with_its_role():
    rows = re.findall(
        r"^\| `((?:GET|POST) [^`]+)` \| `([a-z]+)` \|", section("Routes"), re.MULTILINE
    )
    roles = {route: role for role, routes in ROLES.items() for route in routes}
    routes = [f"{route.method} {route.path}" for route in ROUTES]
    assert rows == [(route, roles[route]) for route in routes]


def test_page_names_each_command():
    rows = re.findall(r"^\| ((?:`[a-z]+(?: [A-Z]+)?`(?:, )?)+) \|", section("Routes"), re.MULTILINE)
    named = [name.split()[0] for row in rows for name in in_backticks(row)]
    assert sorted(named) == sorted(COMMANDS)


def test_page_says_how_long_each_column_is_kept():
    named = in_backticks(section("What is kept, and how long"))
    tables = (schema.decision, schema.evidence, schema.audit)
    columns = {column.name for table in tables for column in table.columns}
    assert columns - named == {"decision"}  # of evidence: the decision's id


def test_page_names_each_reason_of_a_refusal():
    assert set(get_args(Reason)) <= in_backticks(section("When something fails"))
