"""The dashboard's copy of response shapes agrees with the service's own OpenAPI document.

Both are brought into one form, `Shape`, and compared: each field that the dashboard reads must be
documented with the same types, null among them, and may be absent only if the dashboard allows it.
"""

from collections.abc import Iterable
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    TypedDict,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import pytest

from advisor.monitoring.response_models import MonitoringReport
from advisor.register.response_models import (
    DecisionPage,
    RecordedScore,
    Review,
    ReviewRequest,
    StoredDecision,
)
from advisor.service_client.response_models import (
    Combinations,
    Counterfactuals,
    Feature,
    Importance,
    ModelFacts,
    PsiReport,
    ReferenceValues,
    Score,
    Sensitivity,
)
from main import Settings, create_app
from register.commands.migrate import migrate
from register.database.opening import open_database


class ClientIds(TypedDict):
    data: list[int] | list[str]


class RecordText(TypedDict):
    data: str


class Features(TypedDict):
    features: list[Feature]


MODELS = {
    "post /score": Score,
    "post /sensitivity": Sensitivity,
    "get /alternatives": Counterfactuals,
    "post /alternatives": Counterfactuals,
    "post /combinations": Combinations,
    "get /get_kde": ReferenceValues,
    "get /importance": Importance,
    "get /drift": PsiReport,
    "get /model": ModelFacts,
    "get /features": Features,
    "get /get_ids": ClientIds,
    "get /get_test": RecordText,
}
REGISTER_MODELS = {
    "post /decisions": RecordedScore,
    "get /decisions": DecisionPage,
    "get /decisions/{id}": StoredDecision,
    "post /decisions/{id}/review-requests": ReviewRequest,
    "post /decisions/{id}/reviews": Review,
    "get /monitoring": MonitoringReport,
}
JSON_TYPES = {float: "number", int: "integer", str: "string", bool: "boolean", NoneType: "null"}
# The types that a value may have, by name. The content of an array or of a map is a shape, that of
# an object its fields and those of them that are always present, that of an enum its values.
Shape = dict[str, Any]


def union(shapes: Iterable[Shape]) -> Shape:
    """The shape of a value that has one of several shapes."""
    merged: Shape = {}
    for shape in shapes:
        for name, content in shape.items():
            is_repeated = name in merged and isinstance(content, dict)
            merged[name] = union([merged[name], content]) if is_repeated else content
    return merged


def shape_of_hint(hint: Any) -> Shape:
    """The shape of a type hint."""
    arguments = get_args(hint)
    if hint is Any:
        return {"any": None}
    if hint in JSON_TYPES:
        return {JSON_TYPES[hint]: None}
    if is_typeddict(hint):
        fields = {name: shape_of_hint(each) for name, each in get_type_hints(hint).items()}
        return {"object": (fields, hint.__required_keys__)}
    if get_origin(hint) is Literal:
        return {"enum": frozenset(arguments)}
    if get_origin(hint) in (list, tuple):
        return {"array": union(map(shape_of_hint, arguments))}
    if get_origin(hint) is dict:
        return {"map": shape_of_hint(arguments[1])}
    assert get_origin(hint) in (Union, UnionType), hint
    return union(map(shape_of_hint, arguments))


def shape_of_schema(schema: Any, document: dict[str, Any]) -> Shape:
    """The shape of a schema in the document."""
    if schema is True or schema == {}:
        return {"any": None}
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return shape_of_schema(document["components"]["schemas"][name], document)
    if "anyOf" in schema:
        return union(shape_of_schema(each, document) for each in schema["anyOf"])
    if isinstance(schema.get("type"), list):
        return union(shape_of_schema(schema | {"type": each}, document) for each in schema["type"])
    if "enum" in schema:
        return {"enum": frozenset(schema["enum"])}
    if schema["type"] == "array":
        items = schema.get("prefixItems") or [schema["items"]]
        return {"array": union(shape_of_schema(each, document) for each in items)}
    if "properties" in schema:
        fields = {
            name: shape_of_schema(each, document) for name, each in schema["properties"].items()
        }
        return {"object": (fields, frozenset(schema.get("required", ())))}
    if schema["type"] == "object":
        return {"map": shape_of_schema(schema["additionalProperties"], document)}
    return {schema["type"]: None}


def differences(read: Shape, documented: Shape, place: str) -> list[str]:
    """The places at which the dashboard reads another shape than the documented one."""
    if read.keys() != documented.keys():
        return [f"{place}: {sorted(read)}, documented {sorted(documented)}"]
    found = []
    for name, content in read.items():
        if name == "object":
            (fields, present), (documented_fields, always_present) = content, documented[name]
            for field, shape in fields.items():
                inner = f"{place}.{field}"
                if field not in documented_fields:
                    found.append(f"{inner}: not documented")
                elif field in present - always_present:
                    found.append(f"{inner}: may be absent")
                else:
                    found += differences(shape, documented_fields[field], inner)
        elif name in ("array", "map"):
            found += differences(content, documented[name], f"{place}[]")
        elif content != documented[name]:
            found.append(f"{place}: {content}, documented {documented[name]}")
    return found


def compare(route: str, document: dict[str, Any]) -> list[str]:
    """The differences between the dashboard's model of a response and the documented one."""
    method, path = route.split()
    responses = document["paths"][path][method]["responses"]
    content = next(each["content"] for status, each in responses.items() if status[0] == "2")
    documented = shape_of_schema(content["application/json"]["schema"], document)
    documented.pop("array", None)  # of several applications; the dashboard sends one
    return differences(shape_of_hint((MODELS | REGISTER_MODELS)[route]), documented, "response")


@pytest.fixture(scope="module")
def document(small_bundle_folder: Path) -> dict[str, Any]:
    """The OpenAPI document of the service."""
    return create_app(Settings(ressources_dir=small_bundle_folder)).openapi()


@pytest.mark.parametrize("route", MODELS)
def test_a_response_has_the_shape_that_the_dashboard_reads(route: str, document: dict[str, Any]):
    assert compare(route, document) == []


@pytest.fixture(scope="module")
def register_document(
    small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The OpenAPI document of a service with a register."""
    url = f"sqlite:///{tmp_path_factory.mktemp('register')}/register.db"
    with closing(open_database(url)) as database:
        list(migrate(database))
    settings = {"register_url": url, "register_pepper": "a pepper for tests only"}
    app = create_app(Settings(ressources_dir=small_bundle_folder, **settings))
    with closing(app.service.register):
        return app.openapi()


@pytest.mark.parametrize("route", REGISTER_MODELS)
def test_a_response_of_the_register_has_the_shape_that_the_dashboard_reads(
    route: str, register_document: dict[str, Any]
):
    assert compare(route, register_document) == []


@pytest.fixture
def changed_document(document: dict[str, Any]) -> dict[str, Any]:
    """A document that a test may change."""
    return deepcopy(document)


@pytest.fixture
def score_schema(changed_document: dict[str, Any]) -> dict[str, Any]:
    """The schema of a score in that document."""
    content = changed_document["paths"]["/score"]["post"]["responses"]["200"]["content"]
    name = content["application/json"]["schema"]["anyOf"][0]["$ref"].rpartition("/")[2]
    return changed_document["components"]["schemas"][name]


class TestDifferences:
    """A change of the document is found and named."""

    def test_a_missing_field(self, changed_document, score_schema):
        del score_schema["properties"]["margin"]
        assert compare("post /score", changed_document) == ["response.margin: not documented"]

    def test_another_type(self, changed_document, score_schema):
        score_schema["properties"]["threshold"] = {"type": "string"}
        assert compare("post /score", changed_document) == [
            "response.threshold: ['number'], documented ['string']"
        ]

    def test_a_field_that_may_be_null(self, changed_document, score_schema):
        nullable = {"anyOf": [score_schema["properties"]["threshold"], {"type": "null"}]}
        score_schema["properties"]["threshold"] = nullable
        assert compare("post /score", changed_document) == [
            "response.threshold: ['number'], documented ['null', 'number']"
        ]

    def test_a_field_that_may_be_absent(self, changed_document, score_schema):
        score_schema["required"].remove("model")
        assert compare("post /score", changed_document) == ["response.model: may be absent"]

    def test_another_value_of_an_enum(self, changed_document, score_schema):
        score_schema["properties"]["compare"] = {"type": "string", "enum": ["far"]}
        (difference,) = compare("post /score", changed_document)
        assert difference.startswith("response.compare: frozenset(")

    def test_a_field_of_a_nested_object(self, changed_document, score_schema):
        name = score_schema["properties"]["reasons"]["items"]["$ref"].rpartition("/")[2]
        changed_document["components"]["schemas"][name]["properties"]["text"] = {"type": "integer"}
        assert compare("post /score", changed_document) == [
            f"response.{name}[].text: ['string'], documented ['integer']"
            for name in ("reasons", "strengths")
        ]
