"""`/monitoring` in the OpenAPI document: its parameters, and the meaning of each figure."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator


@pytest.fixture(scope="module")
def document(http: httpx.Client) -> dict[str, Any]:
    """The document of a service with a register."""
    return http.get("/openapi.json").json()


def references(part: Any) -> Iterator[str]:
    """Names of the schemas that a part of the document refers to."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].removeprefix("#/components/schemas/")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_each_figure_has_a_meaning(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    route = document["paths"]["/monitoring"]["get"]
    waiting = [*references(route["responses"]["200"])]
    assert waiting == ["MonitoringReport"]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        schema = schemas[name]
        assert schema["description"], name
        for field, part in schema["properties"].items():
            own = [*references(part)]
            assert own or part.get("description"), (name, field)
            waiting += set(own) - seen
    assert {"Cell", "Calibration", "GradeTest", "Vintage", "GroupRatio", "OverrideRow"} <= seen
    assert {"ChallengerComparison", "FeatureDrift", "Proportion"} <= seen


def test_the_examples_of_the_parameters_work_together(http: httpx.Client, document: dict[str, Any]):
    route = document["paths"]["/monitoring"]["get"]
    names = {part["name"] for part in route["parameters"]}
    assert names == {"from", "to", "by", "group", "features"}
    assert all(part["description"] for part in route["parameters"])
    examples = {part["name"]: part["example"] for part in route["parameters"] if "example" in part}
    assert examples == {"from": "2026-01-01", "to": "2026-06-30", "by": "week"}
    answer = http.get("/monitoring", params=examples)
    assert answer.status_code == 200, answer.text
    schema = route["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator(schema | {"components": document["components"]}).validate(answer.json())
    cells = answer.json()["cells"]
    assert [cell["key"] for cell in cells] == [f"2026-W{week:02}" for week in range(1, 28)]
    assert (cells[0]["start"], cells[-1]["end"]) == (
        "2026-01-01T00:00:00.000000Z",
        "2026-07-01T00:00:00.000000Z",
    )
