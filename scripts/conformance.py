"""Every official R4 example is put and read back equal in JSON and XML, numbers to the digit.

Usage: conformance.py [--workers N] FOLDER (the package hl7.fhir.r4.examples 4.0.1, unpacked). The
examples HL7 ships broken are listed with reasons in tests/conformance/broken_examples.json; those
must be refused.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from fhir_server.fhir import json, xhtml, xml
from fhir_server.fhir.media import JSON_TYPE, XML_TYPE
from fhir_server.spec.spec import load
from fhir_server.spec.xml import from_xml, to_xml

ROOT = Path(__file__).parents[1]
BROKEN = ROOT / "tests" / "conformance" / "broken_examples.json"
STRUCTURES = load().structures
PORT = 18_480
_AT_ONCE = 4
# The server closes what is idle for 5 s; a client that forgets it sooner never meets that.
_IDLE = httpx2.Limits(keepalive_expiry=2)
_READY_SECONDS = 180


def main() -> int:
    """Run the whole set; 0 when every example behaves."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--workers", default="1", help="server processes")
    given = asked.parse_args()
    folder = given.folder
    broken = json.parse(BROKEN.read_bytes())
    files = sorted(file for file in folder.glob("*.json") if _is_resource(file))
    columns = ("Examples", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        _server(given.workers) as url,
        httpx2.Client(base_url=url, timeout=120.0, limits=_IDLE) as client,
        ThreadPoolExecutor(_AT_ONCE) as pool,
        Progress(*columns) as progress,
    ):
        task = progress.add_task("", total=len(files))
        faults = []
        for file, fault in zip(
            files, pool.map(lambda one: _fault(client, one, broken), files), strict=True
        ):
            progress.advance(task)
            if fault:
                faults.append(f"{file.name}: {fault}")
    for line in faults:
        print(line)
    print(f"{len(files) - len(faults)} passed, {len(faults)} failed ({len(broken)} broken by HL7)")
    return 1 if faults else 0


def _is_resource(file: Path) -> bool:
    return file.name != "package.json" and not file.name.startswith(".")


def _fault(client: httpx2.Client, file: Path, broken: dict[str, str]) -> str:
    """Put the example in XML and read it in both formats, then in JSON; tell the first fault."""
    body = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    sent = json.parse_object(body)
    path = f"{sent['resourceType']}/{sent['id']}"
    for media_type, content in ((XML_TYPE, to_xml(STRUCTURES, sent)), (JSON_TYPE, body)):
        answer = _asked(client, "PUT", path, content=content, headers={"Content-Type": media_type})
        if file.name in broken:
            if not answer.is_client_error:
                return f"{media_type} should be refused ({broken[file.name]})"
            continue
        if not answer.is_success:
            return f"PUT {media_type} {answer.status_code}: {answer.text[:400]}"
        fault = _misheaded(answer, path) or _misread(client, answer, sent, media_type)
        if fault:
            return f"PUT {media_type}: {fault}"
    return ""


def _asked(client: httpx2.Client, method: str, path: str, **rest: Any) -> httpx2.Response:
    """Ask; again after the time a busy server names, three times at most.

    The largest examples keep the embedded database busy for longer than a request may wait.
    """
    answer = client.request(method, path, **rest)
    for _ in range(3):
        if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(int(answer.headers["retry-after"]))
        answer = client.request(method, path, **rest)
    return answer


def _misheaded(answer: httpx2.Response, path: str) -> str:
    """Tell what is wrong with ETag, Location or Last-Modified of an answer to a write."""
    meta = answer.json()["meta"]
    changed = parsedate_to_datetime(answer.headers["last-modified"])
    updated = datetime.fromisoformat(meta["lastUpdated"]).replace(microsecond=0)
    if answer.headers["etag"] != f'W/"{meta["versionId"]}"':
        return f"ETag is {answer.headers['etag']}"
    if not answer.headers["location"].endswith(f"/{path}/_history/{meta['versionId']}"):
        return f"Location is {answer.headers['location']}"
    return "" if changed == updated else f"Last-Modified is {changed}, not {updated}"


def _misread(client: httpx2.Client, put: httpx2.Response, sent: dict[str, Any], put_as: str) -> str:
    """Tell where what is read back differs from what was put."""
    version = put.headers["location"].removeprefix(str(client.base_url))
    for media_type in (JSON_TYPE,) if put_as == JSON_TYPE else (JSON_TYPE, XML_TYPE):
        read = _asked(client, "GET", version, headers={"Accept": media_type})
        if not read.is_success:
            return f"GET {media_type} {read.status_code}: {read.text[:400]}"
        for name in ("etag", "last-modified"):
            if read.headers[name] != put.headers[name]:
                return f"GET {media_type}: {name} is {read.headers[name]}"
        in_json = media_type == JSON_TYPE
        got = json.parse_object(read.content) if in_json else from_xml(STRUCTURES, read.content)
        # XML has one way to write a narrative where JSON has many.
        exact = in_json and put_as == JSON_TYPE
        if fault := _first_difference(_unstamped(sent), _unstamped(got), version, exact=exact):
            return f"GET {media_type}: {fault}"
    return ""


def _unstamped(resource: dict[str, Any]) -> dict[str, Any]:
    meta = resource.get("meta", {})
    kept = {name: meta[name] for name in meta if name not in ("versionId", "lastUpdated")}
    rest = {name: inner for name, inner in resource.items() if name != "meta"}
    return rest | ({"meta": kept} if kept else {})


def _first_difference(sent: Any, got: Any, place: str, *, exact: bool) -> str:
    if type(sent) is not type(got):
        return f"{place}: {type(sent).__name__} became {type(got).__name__}"
    if isinstance(sent, dict):
        if sent.keys() != got.keys():
            return f"{place}: elements {sorted(sent.keys() ^ got.keys())}"
        pairs = ((f"{place}.{name}", sent[name], got[name]) for name in sent)
    elif isinstance(sent, list):
        if len(sent) != len(got):
            return f"{place}: {len(sent)} items became {len(got)}"
        pairs = ((f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(sent, got, strict=True)))
    else:
        same = _plain(sent, exact=exact) == _plain(got, exact=exact)
        return "" if same else f"{place}: {sent!r} became {got!r}"
    found = (_first_difference(a, b, where, exact=exact) for where, a, b in pairs)
    return next((fault for fault in found if fault), "")


def _plain(value: Any, *, exact: bool) -> Any:
    if isinstance(value, msgspec.Raw):
        return bytes(value)
    if not exact and isinstance(value, str) and value.startswith("<div"):
        return xhtml.text_of(xml.parse(xhtml.fragment(value).encode()))
    return value


@contextmanager
def _server(workers: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="fhir-conformance-") as data:
        command = [
            sys.executable,
            "-m",
            "fhir_server",
            "serve",
            "--auth",
            "none",
            "--port",
            str(PORT),
            "--data",
            data,
            "--workers",
            workers,
        ]
        environment = {
            **os.environ,
            "FHIR_MAX_BODY_BYTES": str(40 * 1024 * 1024),
            # An example may refer to one that is put later, or to none.
            "FHIR_REFERENTIAL_INTEGRITY": "false",
        }
        log = Path(data) / "server.log"
        with log.open("wb") as sink:
            server = subprocess.Popen(command, env=environment, stderr=sink)
            try:
                _wait(server)
                yield f"http://127.0.0.1:{PORT}/fhir/"
            finally:
                server.terminate()
                server.wait(60)


def _wait(server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx2.get(f"http://127.0.0.1:{PORT}/health/ready").is_success:
                return
        except httpx2.HTTPError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")


if __name__ == "__main__":
    sys.exit(main())
