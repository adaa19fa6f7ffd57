"""A reverse proxy that strips a prefix, as nginx does with `location /prefix/`."""

import contextlib
import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.server import HOST, AnyServer

OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "host"}


def handler_of(server: AnyServer, prefix: str) -> type[BaseHTTPRequestHandler]:
    """Answers for requests of the proxy, one over each connection."""

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            if not self.path.startswith(f"{prefix}/"):
                self.send_error(404, "not below the prefix")
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in OF_A_CONNECTION
            }
            connection = http.client.HTTPConnection(HOST, server.port, timeout=120)
            with contextlib.closing(connection):
                path = self.path.removeprefix(prefix)
                connection.request(self.command, path, body or None, headers)
                answer = connection.getresponse()
                content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OF_A_CONNECTION:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_HEAD = forward  # noqa: N815 - as the standard library calls them

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def proxied(server: AnyServer, prefix: str) -> Iterator[str]:
    """The address of a server's `/` behind the proxy, without its slash."""
    with ThreadingHTTPServer((HOST, 0), handler_of(server, prefix)) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST}:{proxy.server_port}{prefix}"
        finally:
            proxy.shutdown()
            thread.join()
