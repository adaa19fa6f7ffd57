"""Swagger UI served from this host only, and the keys in the OpenAPI document."""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from serving.errors import DESCRIPTIONS

DOCS = "/docs"
ASSETS = f"{DOCS}/assets"
OPENAPI = "/openapi.json"
SERVERS = [{"url": "."}]  # relative to the document

# A proxy may serve this below a prefix and strip it: only the browser knows the page's address.
SCRIPT = f"""
    const root = location.pathname.replace(/[/]+[^/]*[/]*$/, '');
    const add = (parent, tag, properties) =>
        parent.append(Object.assign(document.createElement(tag), properties));
    add(document.head, 'link', {{rel: 'stylesheet', href: `${{root}}{ASSETS}/swagger-ui.css`}});
    add(document.head, 'link', {{rel: 'icon', href: `${{root}}{ASSETS}/favicon.png`}});
    const show = () => SwaggerUIBundle({{
        url: `${{root}}{OPENAPI}`,
        dom_id: '#swagger-ui',
        deepLinking: true,
        showExtensions: true,
        showCommonExtensions: true,
        validatorUrl: null,  // else it sends the document to swagger.io
    }});
    add(document.body, 'script', {{src: `${{root}}{ASSETS}/swagger-ui-bundle.js`, onload: show}});
"""
PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>%s</title>
</head>
<body>
<div id="swagger-ui"></div>
<script>%s</script>
</body>
</html>
"""

SECURITY_HEADERS = [
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
API_HEADERS = [
    *SECURITY_HEADERS,
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
SCRIPT_SHA256 = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
DOCS_POLICY = (
    f"default-src 'none'; script-src 'self' 'sha256-{SCRIPT_SHA256}';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DOCS_HEADERS = [*SECURITY_HEADERS, (b"content-security-policy", DOCS_POLICY.encode())]


def page(title: str) -> str:
    """The HTML page of Swagger UI, the same at each of its addresses."""
    return PAGE % (title, SCRIPT)


def assets() -> Mount:
    """The files of Swagger UI, at `ASSETS`."""
    return Mount(ASSETS, StaticFiles(packages=[("fastapi_offline", "static")]))


def is_docs(path: str) -> bool:
    """True for the path of the page and of its files."""
    return path == DOCS or path.startswith(f"{ASSETS}/")


def answer_headers(path: str) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, by its path: only the page may run its own script."""
    return DOCS_HEADERS if is_docs(path) else API_HEADERS


def require_key(document: dict[str, Any], open_paths: Collection[str]) -> None:
    """Declare in the document that every path except the open ones needs a key."""
    key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    document["components"]["securitySchemes"] = {"key": key}
    for path in document["paths"].keys() - open_paths:
        for operation in document["paths"][path].values():
            operation["security"] = [{"key": []}]


def require_roles(document: dict[str, Any], roles: Mapping[str, Sequence[str]]) -> None:
    """Declare in the document the role that each route needs, and the answer without it.

    Args:
        document: says already which paths need a key.
        roles: the routes of each role, as ``METHOD /path``; some may not be in the document.
    """
    for role, routes in roles.items():
        for route in routes:
            method, path = route.split(" ")
            if operation := document["paths"].get(path, {}).get(method.lower()):
                operation["security"] = [{"key": [role]}]
                answers = operation["responses"]
                answers["403"] = answers["401"] | {"description": DESCRIPTIONS[403]}
