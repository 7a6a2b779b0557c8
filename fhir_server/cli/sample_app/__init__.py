"""The sample app: a third-party health app as static files, on a port of its own.

It is what an app developer would write, with SMART's own JavaScript client (npm `fhirclient`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from fhir_server.cli.demonstration import APP, sample_app
from fhir_server.cli.environment import refused
from fhir_server.fhir import json

_HERE = Path(__file__).parent
_SCOPE = "openid fhirUser launch/patient patient/*.rs label/HIV"
# Brought by `make demo`: scripts/fetch-fhirclient.
LIBRARY = Path(".cache/fhirclient/package/build/fhir-client.min.js")
_TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}


@contextmanager
def served(port: int, base_url: str, library: Path = LIBRARY) -> Iterator[str]:
    """Serve the app on 127.0.0.1 for a FHIR base; give its address. It is registered first."""
    if not library.exists():
        raise refused(f"{library} is not there; `make demo` brings it with npm.")
    address = f"http://127.0.0.1:{port}/index.html"
    sample_app(address)
    said = {"clientId": APP, "scope": _SCOPE, "iss": base_url}
    files = {
        f"/{path.name}": path.read_bytes() for path in _HERE.iterdir() if path.suffix in _TYPES
    }
    files |= {
        "/": files["/index.html"],
        "/fhir-client.js": library.read_bytes(),
        "/settings.js": b"const SAMPLE = " + json.dump(said) + b";\n",
    }
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(files))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()


def _handler(files: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Files(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.partition("?")[0]
            found = files.get(name)
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", _TYPES.get(Path(name).suffix, _TYPES[".html"]))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing: an address may hold a code."""

    return Files
