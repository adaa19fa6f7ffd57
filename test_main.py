"""The service's answers by value, over HTTP, on the files it ships with."""

import hashlib
import json
import math
import re
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import joblib
import jsonschema
import lightgbm
import msgspec
import numpy as np
import pandas as pd
import pytest
import schemathesis
import shap
from fastapi.routing import APIRoute
from scipy.special import expit
from starlette.routing import Route

import main
from api.record_decoder import RecordDecoder
from main import Settings, app, create_app
from service.served_bundle import ServedBundle
from tests.support.servers.inprocess import client_of, prepared_client

FOLDER = app.service.settings.ressources_dir
REFERENCE = pd.read_csv(FOLDER / "train_samp.csv")
NEW = pd.read_csv(FOLDER / "test_samp.csv")
NOT_FEATURES = {"Unnamed: 0", "SK_ID_CURR", "TARGET", "proba"}
FEATURES = [name for name in REFERENCE if name not in NOT_FEATURES]
PIPELINE = joblib.load(FOLDER / "model.joblib")
PIPELINE[1].set_params(n_jobs=1)
IDS = NEW["SK_ID_CURR"].tolist()
FIRST = IDS[0]
NAMES = PIPELINE[0].get_feature_names_out().tolist()
PROBABILITIES = dict(zip(IDS, PIPELINE.predict_proba(NEW)[:, 1].tolist(), strict=True))
THRESHOLD = json.loads((FOLDER / "model.json").read_text())["threshold"]
NOBODY = 1  # no client has this id
LISTED = f"not one of the {len(IDS)} new clients: /get_ids lists them"
ACCEPTED = f"Accepted: the {len(NAMES)} transformed features, as numbers: /get_json gives them"

client = client_of(app)


@pytest.fixture(scope="module")
def swapped_app():
    return create_app(Settings(kde_swap_classes=True))


def get(path, **query):
    return client.get(path, params=query)


def record_text(client_id):
    return get("/get_json", param_name=client_id).json()["data"]


def predict(body, method="POST"):
    return client.request(method, "/prediction/", content=body)


def record_with(**values):
    """The first client's transformed record as a body, some of its values replaced."""
    changed = json.loads(record_text(FIRST)) | values
    return json.dumps({name: value for name, value in changed.items() if value is not ...})


# Answers


def test_index():
    routes = {
        f"{method} {route.path}": route.summary
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods - {"HEAD"}
    }
    assert get("/").json() == {
        "service": "Credit scoring",
        "version": main.VERSION,
        "docs": "/docs",
        "routes": routes,
    }


def test_ids():
    assert get("/get_ids").json() == {"data": IDS}


def test_features():
    assert get("/get_feat").json() == {"data": FEATURES}


def test_raw_record_of_every_client():
    rows = NEW[FEATURES].astype(object).where(NEW[FEATURES].notna(), None).to_dict("records")
    for client_id, row in zip(IDS, rows, strict=True):
        assert json.loads(get("/get_test", param_name=client_id).json()["data"]) == row


def test_raw_record_has_the_digits_of_the_file():
    header, first = (FOLDER / "test_samp.csv").read_text().splitlines()[:2]
    digits = dict(zip(header.split(","), first.split(","), strict=True))
    record = json.loads(get("/get_test", param_name=FIRST).json()["data"])
    assert record == {name: float(digits[name]) if digits[name] else None for name in FEATURES}
    assert None in record.values()


def test_transformed_record_of_every_client():
    expected = PIPELINE[0].transform(NEW)
    for client_id, row in zip(IDS, expected.tolist(), strict=True):
        assert json.loads(record_text(client_id)) == dict(zip(NAMES, row, strict=True))


def test_every_prediction_is_the_pipelines():
    for client_id, probability in PROBABILITIES.items():
        assert predict(record_text(client_id)).json() == {
            "probability": probability,
            "prediction": int(probability >= THRESHOLD),
            "threshold": THRESHOLD,
        }


@pytest.mark.parametrize(("decision", "choose"), [(0, min), (1, max)])
def test_a_client_on_either_side_of_the_threshold(decision, choose):
    client_id = choose(PROBABILITIES, key=PROBABILITIES.get)
    answer = predict(record_text(client_id)).json()
    assert answer["prediction"] == decision
    assert (answer["probability"] >= answer["threshold"]) == bool(decision)


def test_a_probability_at_the_threshold_is_a_default():
    bundle = app.service.folder.current.bundle
    record = bundle.transformed_record(FIRST)
    for threshold, decision in [
        (PROBABILITIES[FIRST], 1),
        (math.nextafter(PROBABILITIES[FIRST], 1), 0),
    ]:
        at = replace(bundle, threshold=threshold)
        assert at.predict(RecordDecoder.of(at).row(record)).prediction == decision


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/prediction", "/prediction/", "//prediction//"])
@pytest.mark.parametrize("kind", [None, "application/x-www-form-urlencoded", "text/plain"])
def test_the_body_is_read_whatever_its_type(method, path, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    url = f"http://testserver{path}"
    answer = client.request(method, url, content=record_text(FIRST), headers=headers)
    assert answer.json()["probability"] == PROBABILITIES[FIRST]


def test_neither_the_order_of_the_keys_nor_their_spelling_matters():
    record = json.loads(record_text(FIRST))
    shuffled = {name: record[name] for name in sorted(record)}
    assert list(shuffled) != NAMES
    escaped = record_text(FIRST).replace("_", "\\u005f").replace('":', '" :\n')
    for body in (json.dumps(shuffled), json.dumps(record, indent=4), escaped):
        assert predict(body).json()["probability"] == PROBABILITIES[FIRST]


def test_msgspec_reads_numbers_as_python_does():
    random = np.random.default_rng(0)
    doubles = random.integers(0, 2**64, 20_000, dtype=np.uint64).view(np.float64)
    spellings = [repr(double) for double in doubles[np.isfinite(doubles)].tolist()]
    spellings += [f"{random.normal():.{digits}f}" for digits in range(30) for _ in range(100)]
    spellings += ["0", "-0", "7", "9007199254740993", "18446744073709551617", "1E5", "4.9e-324"]
    for spelling in spellings:
        assert msgspec.json.decode(spelling, type=float) == float(spelling)


def test_explanations_add_up_to_their_predictions():
    """Check every fifth client; test_bundle.py checks every client of other models."""
    margins = PIPELINE[1].booster_.predict(PIPELINE[0].transform(NEW), raw_score=True)
    for client_id, margin in list(zip(IDS, margins, strict=True))[::5]:
        explanation = get("/get_shap", param_name=client_id).json()
        total = explanation["base"][0] + math.fsum(explanation["values"][0])
        assert total == pytest.approx(margin, rel=0, abs=1e-9)
        assert expit(total) == pytest.approx(PROBABILITIES[client_id], rel=0, abs=1e-9)


# shap warns of the shape for every LightGBM classifier; the test checks the shape.
@pytest.mark.filterwarnings("ignore:LightGBM binary classifier:UserWarning")
def test_explanations_are_those_of_shap():
    explainer = shap.TreeExplainer(PIPELINE[1])
    rows = PIPELINE[0].transform(NEW)
    for position in (0, len(IDS) // 2, len(IDS) - 1):
        assert get("/get_shap", param_name=IDS[position]).json() == {
            "values": explainer.shap_values(rows[position : position + 1]).tolist(),
            "feat": NAMES,
            "data": rows[position : position + 1].tolist(),
            "base": [float(np.ravel(explainer.expected_value)[-1])],
        }


def test_an_explanation_is_the_same_when_asked_again():
    first = get("/get_shap", param_name=FIRST).content
    assert get("/get_shap", param_name=FIRST).content == first
    assert get("/get_shap", param_name=IDS[1]).content != first


@pytest.mark.parametrize("feature", FEATURES)
def test_reference_values_of_every_feature(feature):
    by_class = [
        REFERENCE.loc[REFERENCE["TARGET"] == target, feature].dropna().tolist() for target in (0, 1)
    ]
    assert get("/get_kde", param_name=feature).json() == {
        "feat0": by_class[0],
        "feat1": by_class[1],
    }


def test_reference_values_the_other_way_round_for_the_deployed_dashboard(swapped_app):
    right = get("/get_kde", param_name=FEATURES[0]).json()
    assert client_of(swapped_app).get("/get_kde", params={"param_name": FEATURES[0]}).json() == {
        "feat0": right["feat1"],
        "feat1": right["feat0"],
    }


@pytest.mark.parametrize("feature", [name for name in FEATURES if "+" in name])
def test_a_plus_that_arrives_as_a_space(feature):
    assert feature.replace("+", " ") not in FEATURES
    unescaped = client.get(f"/get_kde?param_name={feature}")
    assert unescaped.json() == get("/get_kde", param_name=feature).json()


def test_the_shipped_features_have_awkward_names():
    assert any("+" in name and "(" in name for name in FEATURES)
    assert any("/" in name for name in FEATURES)
    assert any("*" in name for name in FEATURES)
    assert any(":" in name for name in FEATURES)


def test_cached_properties_are_computed_before_the_first_request():
    """Otherwise the first request after a reload would wait for them, and all others with it."""
    served = ServedBundle.read(FOLDER, None, frozenset())
    bundle = served.bundle
    found = 0
    for made in (
        bundle,
        served.records,
        bundle.scorer,
        bundle.scorer.transformer,
        served.applications,
        served.applications.reader,
    ):
        kinds = vars(type(made)).items()
        lazy = {name for name, value in kinds if isinstance(value, cached_property)}
        assert lazy <= vars(made).keys()
        found += len(lazy)
    assert found >= 15


def test_health():
    sha256 = hashlib.sha256((FOLDER / "model.joblib").read_bytes()).hexdigest()
    answer = get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "sha256": sha256}


def test_model_says_that_classes_are_swapped(swapped_app):
    said = client_of(swapped_app).get("/model").json()["get_kde"]
    assert said == {"feat1": "class 0", "feat0": "class 1"}
    assert "get_kde" not in get("/model").json()


def test_health_notices_a_wrong_score(monkeypatch):
    current = app.service.folder.current
    wrong = replace(current.bundle, probability_at_start=0.5)
    monkeypatch.setattr(app.service.folder, "current", replace(current, bundle=wrong))
    answer = get("/health")
    assert answer.status_code == 503
    assert answer.json() == {"detail": "a client no longer scores as at start-up"}


def test_model():
    facts = get("/model").json()
    versions = facts.pop("versions")
    assert facts == {
        "sha256": {
            name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
            for name in ("model.joblib", "train_samp.csv", "test_samp.csv", "features.csv")
        },
        "threshold": THRESHOLD,
        "features": len(FEATURES),
        "transformed_features": len(NAMES),
        "reference_clients": len(REFERENCE),
        "new_clients": len(NEW),
        "protected_features": ["DAYS_BIRTH", "CODE_GENDER_F", "NAME_FAMILY_STATUS_Married"],
        "languages": ["fr"],
        "facts": json.loads((FOLDER / "model.json").read_text()),
    }
    assert versions["credit-scoring"] == main.VERSION
    assert versions["lightgbm"] == lightgbm.__version__


def test_metrics_count_requests():
    def count():
        line = 'http_requests_total{route="/get_feat",status="200"} '
        return float(get("/metrics").text.partition(line)[2].partition("\n")[0] or 0)

    before = count()
    get("/get_feat")
    get("/get_feat/")
    assert count() == before + 2


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("get_ids", ""),
        ("get_feat", ""),
        ("get_test", f"?param_name={FIRST}"),
        ("get_json", f"?param_name={FIRST}"),
        ("get_shap", f"?param_name={FIRST}"),
        ("get_kde", f"?param_name={FEATURES[0]}"),
        ("model", ""),
        ("docs", ""),
        ("openapi.json", ""),
    ],
)
def test_slashes_do_not_matter(path, query):
    expected = client.get(f"/{path}{query}", follow_redirects=False)
    assert expected.status_code == 200
    for spelling in (f"/{path}/", f"//{path}", f"//{path}/", f"///{path}//"):
        answer = client.get(f"http://testserver{spelling}{query}", follow_redirects=False)
        assert (answer.status_code, answer.content) == (200, expected.content)


@pytest.mark.parametrize("path", ["/", "/health", "/health/"])
def test_head(path):
    """Monitors send HEAD."""
    expected, answer = client.get(path), client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert answer.headers[name] == expected.headers[name]


@pytest.mark.parametrize("path", ["/", "/health", "/health/"])
def test_other_methods_of_routes_with_head(path):
    answer = client.delete(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_answers_are_read_with_eval():
    """The dashboard does, so no answer holds a word that only JSON knows."""
    paths = ["/get_ids", "/get_feat", f"/get_kde?param_name={FEATURES[0]}"]
    paths += [f"/{name}?param_name={FIRST}" for name in ("get_test", "get_json", "get_shap")]
    for path in paths:
        answer = client.get(path)
        assert eval(answer.text, {"__builtins__": {}}) == answer.json()  # noqa: S307
    answer = predict(record_text(FIRST))
    assert eval(answer.text, {"__builtins__": {}}) == answer.json()  # noqa: S307


# Refusals


@pytest.mark.parametrize("path", ["/get_test", "/get_json", "/get_shap"])
@pytest.mark.parametrize(
    ("value", "status", "detail"),
    [
        (NOBODY, 404, f"unknown client 1, {LISTED}"),
        (-FIRST, 404, f"unknown client -{FIRST}, {LISTED}"),
        ("9" * 40, 404, f"unknown client {'9' * 40}, {LISTED}"),
        ("abc", 422, "param_name is not an integer, a client's id: abc"),
        ("", 422, "param_name is not an integer, a client's id: "),
        (f" {FIRST}", 422, f"param_name is not an integer, a client's id:  {FIRST}"),
        (f"{FIRST}.0", 422, f"param_name is not an integer, a client's id: {FIRST}.0"),
        ("x" * 10_000, 422, f"param_name is not an integer, a client's id: {'x' * 100}…"),
        (None, 422, "param_name is missing: {path}?param_name=…"),
    ],
)
def test_a_bad_id_of_a_client_is_refused(path, value, status, detail):
    answer = get(path, **({} if value is None else {"param_name": value}))
    assert answer.status_code == status
    assert answer.json() == {"detail": detail.replace("{path}", path)}


@pytest.mark.parametrize(
    ("value", "status", "detail"),
    [
        (
            "NO_SUCH_FEATURE",
            404,
            f"unknown feature NO_SUCH_FEATURE, not one of the {len(FEATURES)} features"
            ": /get_feat lists them",
        ),
        (None, 422, "param_name is missing: /get_kde?param_name=…"),
    ],
)
def test_a_bad_name_of_a_feature_is_refused(value, status, detail):
    answer = get("/get_kde", **({} if value is None else {"param_name": value}))
    assert answer.status_code == status
    assert answer.json() == {"detail": detail}


@pytest.mark.parametrize("query", ["a&" * 100, "&" * 60_000, "param_name=1&" * 100])
def test_very_many_parameters_are_not_read(query):
    for path in ("/get_test", "/get_json", "/get_shap", "/get_kde"):
        answer = client.get(f"{path}?{query}param_name={FIRST}")
        assert answer.status_code == 422
        assert answer.json() == {"detail": "more than 100 parameters, where one is read"}


def test_the_last_of_some_parameters_is_read():
    expected = get("/get_test", param_name=FIRST).json()
    answer = client.get(f"/get_test?a=1&param_name={NOBODY}&b=&param_name={FIRST}&c")
    assert answer.json() == expected
    answer = client.get(f"/get_test?{'a&' * 99}param_name={FIRST}")
    assert answer.json() == expected


FEATURE = NAMES[0]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", f"empty, not a JSON object. {ACCEPTED}"),
        (b" \n", f"empty, not a JSON object. {ACCEPTED}"),
        (
            b"{",
            "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
            f". {ACCEPTED}",
        ),
        (b'{"a": NaN}', f"not JSON: NaN is no number. {ACCEPTED}"),
        (b'{"a": -Infinity}', f"not JSON: -Infinity is no number. {ACCEPTED}"),
        (b"[1, 2]", f"JSON, but not an object. {ACCEPTED}"),
        (
            json.dumps({"data": record_text(FIRST)}),
            f"data alone, a text: decode it, and send the record that it holds. {ACCEPTED}",
        ),
        (b"null", f"JSON, but not an object. {ACCEPTED}"),
        (b'{"a": 1, "a": 2}', f"more than once: a. {ACCEPTED}"),
        (
            record_with(**{FEATURE: ...}),
            f"missing: {FEATURE}. {ACCEPTED}",
        ),
        (
            b"{}",
            f"missing: {', '.join(NAMES[:5])} and {len(NAMES) - 5} more. {ACCEPTED}",
        ),
        (record_with(unheard_of=1), f"unknown: unheard_of. {ACCEPTED}"),
        (record_with(**{FEATURE: "3"}), f"not a number: {FEATURE}. {ACCEPTED}"),
        (record_with(**{FEATURE: True}), f"not a number: {FEATURE}. {ACCEPTED}"),
        (record_with(**{FEATURE: [1.0]}), f"not a number: {FEATURE}. {ACCEPTED}"),
        (
            record_with(**{FEATURE: None}),
            f"null, though never missing among clients: {FEATURE}. {ACCEPTED}",
        ),
        (
            record_with(**{FEATURE: 31337}).replace("31337", "1e999"),
            f"out of range: {FEATURE}. {ACCEPTED}",
        ),
        (
            record_with(**{FEATURE: 31337}).replace("31337", "9" * 5000),
            f"out of range: {FEATURE}. {ACCEPTED}",
        ),
        (
            record_with().replace("{", f'{{"{FEATURE}": 1, ', 1),
            f"more than once: {FEATURE}. {ACCEPTED}",
        ),
        (
            record_with(**{NAMES[1]: ...}).replace("{", f'{{"{FEATURE}": 1, ', 1),
            f"more than once: {FEATURE}. {ACCEPTED}",
        ),
    ],
)
def test_a_body_that_cannot_be_scored_is_refused(body, detail):
    for method in ("GET", "POST"):
        answer = predict(body, method)
        assert answer.status_code == 422
        assert answer.json() == {"detail": detail}


def test_a_client_named_in_the_query_of_a_prediction():
    for method in ("GET", "POST"):
        answer = client.request(method, "/prediction/", params={"param_name": FIRST})
        assert answer.status_code == 422
        assert answer.json() == {
            "detail": "empty, and param_name is not read here: send as the body the record that"
            " /get_json?param_name=… has in its data, decoded"
        }


def test_a_body_over_the_limit():
    limit = app.service.settings.max_body_bytes
    for body in (b" " * (limit + 1), iter([b" " * limit, b" "])):
        answer = predict(body)
        assert answer.status_code == 413
        assert answer.json() == {"detail": "the body is larger than the 1000000 bytes accepted"}
    padded = record_text(FIRST).encode().ljust(limit)
    assert predict(padded).json()["probability"] == PROBABILITIES[FIRST]


def test_an_unknown_path():
    answer = get("/nothing_here")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "no route /nothing_here: / lists the routes"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/get_ids", "GET"),
        ("DELETE", "/prediction", "GET, POST"),
        ("PUT", "/docs", "GET"),
        ("POST", "/docs/assets/swagger-ui.css", "GET, HEAD"),
    ],
)
def test_a_wrong_method(method, path, allowed):
    answer = client.request(method, path)
    canonical = "/prediction/" if path == "/prediction" else path
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed
    assert answer.json() == {"detail": f"{canonical} takes {allowed}, not {method}"}


def test_a_wrong_method_is_told_in_short():
    path = "/docs/assets/" + "x" * 10_000
    answer = client.post(path)
    assert answer.status_code == 405
    assert answer.json() == {"detail": f"{path[:100]}… takes GET, HEAD, not POST"}


def test_a_fault_tells_nothing(monkeypatch):
    monkeypatch.setattr(app.service.folder, "current", None)
    answer = get("/get_ids")
    assert answer.status_code == 500
    assert answer.json() == {"detail": "Internal Server Error"}
    assert answer.headers["Cache-Control"] == "no-store"


# The OpenAPI document and docs


def test_operations_have_short_ids_and_a_group():
    document = get("/openapi.json").json()
    groups = {tag["name"] for tag in document["tags"] if tag["description"]}
    found = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            (tag,) = operation["tags"]
            assert tag in groups
            assert operation["operationId"] not in found
            found[operation["operationId"]] = f"{method.upper()} {path}"
    assert found == {
        "index": "GET /",
        "get_ids": "GET /get_ids",
        "get_feat": "GET /get_feat",
        "get_test": "GET /get_test",
        "get_json": "GET /get_json",
        "predict": "POST /prediction/",
        "predict_by_get": "GET /prediction/",
        "get_shap": "GET /get_shap",
        "get_kde": "GET /get_kde",
        "score": "POST /score",
        "sensitivity": "GET /sensitivity",
        "sensitivity_of_application": "POST /sensitivity",
        "alternatives": "GET /alternatives",
        "alternatives_of_application": "POST /alternatives",
        "combinations": "GET /combinations",
        "combinations_of_application": "POST /combinations",
        "features": "GET /features",
        "importance": "GET /importance",
        "drift": "GET /drift",
        "health": "GET /health",
        "model": "GET /model",
        "metrics": "GET /metrics",
    }


@pytest.mark.parametrize(
    ("path", "schema", "names"),
    [("/get_test", "RawRecord", FEATURES), ("/get_json", "TransformedRecord", NAMES)],
)
def test_decoded_records_have_a_schema(path, schema, names):
    document = get("/openapi.json").json()
    content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    answer = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    text = answer["properties"]["data"]
    assert (text["type"], text["contentMediaType"]) == ("string", "application/json")
    assert text["contentSchema"] == {"$ref": f"#/components/schemas/{schema}"}
    described = document["components"]["schemas"][schema]
    assert list(described["properties"]) == described["required"] == names
    for client_id in IDS[:9]:
        record = json.loads(get(path, param_name=client_id).json()["data"])
        jsonschema.Draft202012Validator(described).validate(record)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(described).validate(record | {names[0]: "text"})


def test_document_is_valid():
    schemathesis.openapi.from_dict(get("/openapi.json").json()).validate()


def test_document_says_that_classes_are_swapped(swapped_app):
    def described(described_app):
        document = client_of(described_app).get("/openapi.json").json()
        values = document["components"]["schemas"]["ReferenceValues"]["properties"]
        texts = [values[name]["description"] for name in ("feat0", "feat1")]
        return texts, document["paths"]["/get_kde"]["get"]["description"]

    texts, text = described(app)
    assert texts == ["values of class 0, solvent", "values of class 1, in default"]
    assert "KDE_SWAP_CLASSES" not in text
    texts, text = described(swapped_app)
    assert texts == ["values of class 1, in default", "values of class 0, solvent"]
    assert "`feat0` is class 1, in default, and `feat1` is class 0, solvent" in text


def test_every_documented_example_works():
    prepared = prepared_client(app)  # else /score waits for the peers, on a busy machine in vain
    document = get("/openapi.json").json()
    parts = document["components"]
    tried = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = [named(parts, part) for part in operation.get("parameters", [])]
            params = [(part["name"], part["example"]) for part in parameters if part["required"]]
            content = named(parts, operation.get("requestBody", {})).get("content", {})
            body = content.get("application/json", {})
            examples = [example["value"] for example in body.get("examples", {}).values()]
            for example in examples or [body.get("example")]:
                answer = prepared.request(method, path, params=params, json=example)
                assert answer.status_code == 200, path
                tried += 1
            assert operation["summary"]
            assert operation["description"]
            expected = {"200", "500"} | ({"404", "422"} if params else set())
            assert expected <= operation["responses"].keys()
    assert tried > len(document["paths"])


def named(parts, part):
    """A part of the document, itself or by its name."""
    *_, kind, name = part.get("$ref", "//").split("/")
    return parts[kind][name] if name else part


def test_the_docs_name_every_route_and_every_setting():
    docs = Path(main.__file__).with_name("docs")
    api, settings = ((docs / name).read_text() for name in ("api.md", "settings.md"))
    routes = {
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, Route)
        for method in route.methods - {"HEAD"}
    }
    assert routes == set(re.findall(r"`((?:GET|POST) /[\w./]*)", api))
    assert routes - {"GET /openapi.json"} == set(get("/").json()["routes"]) - {"GET /openapi.json"}
    assert {name.upper() for name in Settings.model_fields} <= set(
        re.findall(r"`([A-Z_0-9]+)`", settings)
    )
