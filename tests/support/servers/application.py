"""The application in this process, and a request for each of its routes."""

import orjson
from starlette.routing import Mount, Route

from main import Application, create_app
from service.settings import Settings
from tests.support.servers.server import RESSOURCES

KEY = "key-of-the-bank"
KEYS = ["first key", "second-key", "third·clé"]
OPEN = {"/", "/health", "/docs", "/docs/assets", "/openapi.json"}


def application(**settings) -> Application:
    """An application without a request log; on the shipped files, if no others are given."""
    given = {"ressources_dir": RESSOURCES, "request_log": False} | settings
    return create_app(Settings(**given))


def requests(app: Application) -> list[tuple[str, str, bytes]]:
    """Method, path and body of a request that is answered with 200, for every route."""
    bundle = app.service.folder.current.bundle
    client_id, feature = bundle.client_ids[0], bundle.features[0]
    values = {
        "/get_kde": feature,
        **dict.fromkeys(["/get_test", "/get_json", "/get_shap"], client_id),
    }
    queries = {
        "/sensitivity": f"?client={client_id}&feature={feature}",
        "/alternatives": f"?client={client_id}",
        "/combinations": f"?client={client_id}",
    }
    bodies = {
        "/prediction/": orjson.dumps(bundle.transformed_record(client_id)),
        "/sensitivity": orjson.dumps({"client": client_id}),
        "/alternatives": orjson.dumps({"client": client_id}),
        "/combinations": orjson.dumps({"client": client_id}),
        "/score": orjson.dumps({"client": client_id}),
    }
    found = []
    for route in app.routes:
        if isinstance(route, Mount):
            found.append(("GET", f"{route.path}/swagger-ui.css", b""))
            continue
        assert isinstance(route, Route)
        query = f"?param_name={values[route.path]}" if route.path in values else ""
        query = queries.get(route.path, query)
        for method in sorted(route.methods - {"HEAD"}):
            sent = bodies.get(route.path, b"")
            found.append((method, route.path + query, sent))
    assert len(found) >= 21
    return found


def is_open(path: str) -> bool:
    """Whether a path needs no key."""
    return path.partition("?")[0] in OPEN or path.startswith("/docs/assets/")
