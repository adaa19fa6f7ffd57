"""Swagger UI without any other host, and what the OpenAPI document says of keys."""

import base64
import hashlib
from collections.abc import Collection
from typing import Any

from starlette.staticfiles import StaticFiles

DOCS = "/docs"
ASSETS = f"{DOCS}/assets"
OPENAPI = "/openapi.json"
SERVERS = [{"url": "."}]  # of the operations: the folder of the document

# A proxy may serve this below a prefix, and strip it: only the browser knows where the page is.
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


def page(title: str) -> str:
    """Swagger UI's page. Its bytes are the same at each of its addresses."""
    return PAGE % (title, SCRIPT)


def assets() -> StaticFiles:
    """The files of Swagger UI, to be mounted at `ASSETS`."""
    return StaticFiles(packages=[("fastapi_offline", "static")])


def is_docs(path: str) -> bool:
    """Whether a path is the page's, or one of its files'."""
    return path == DOCS or path.startswith(f"{ASSETS}/")


class AnswerHeaders:
    """The headers of an answer, by its path: only the page may run its own script."""

    def __init__(self) -> None:
        """Allow the one script that is in the page."""
        sha256 = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; script-src 'self' 'sha256-{sha256}';"
            " style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
            " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        self._of_docs = [*SECURITY_HEADERS, (b"content-security-policy", policy.encode())]

    def __call__(self, path: str) -> list[tuple[bytes, bytes]]:
        """The headers for a path."""
        return self._of_docs if is_docs(path) else API_HEADERS


def require_key(document: dict[str, Any], open_paths: Collection[str]) -> None:
    """Say in the document that every path but some wants a key."""
    key = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    document["components"]["securitySchemes"] = {"key": key}
    for path in document["paths"].keys() - open_paths:
        for operation in document["paths"][path].values():
            operation["security"] = [{"key": []}]
