"""Every official R4 example is put and read back equal, number literals to the digit.

Usage: conformance.py FOLDER (the package hl7.fhir.r4.examples 4.0.1, unpacked). The examples HL7
ships broken are listed with reasons in tests/conformance/broken_examples.json; those must be
refused.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from fhir_server.fhir import json

ROOT = Path(__file__).parents[1]
BROKEN = ROOT / "tests" / "conformance" / "broken_examples.json"
PORT = 18_480
_AT_ONCE = 4
_READY_SECONDS = 60


def main() -> int:
    """Run the whole set; 0 when every example behaves."""
    folder = Path(sys.argv[1])
    broken = json.parse(BROKEN.read_bytes())
    files = sorted(file for file in folder.glob("*.json") if _is_resource(file))
    columns = ("Examples", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        _server() as url,
        httpx2.Client(base_url=url, timeout=120.0) as client,
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
    body = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    resource = json.parse_object(body)
    path = f"{resource['resourceType']}/{resource['id']}"
    answer = client.put(path, content=body, headers={"Content-Type": "application/fhir+json"})
    if file.name in broken:
        return "" if answer.is_client_error else f"should be refused ({broken[file.name]})"
    if not answer.is_success:
        return f"PUT {answer.status_code}: {answer.text[:400]}"
    version = answer.headers["location"].removeprefix(str(client.base_url))
    read = client.get(version)
    if not read.is_success:
        return f"GET {read.status_code}"
    return _difference(resource, json.parse_object(read.content))


def _difference(sent: dict[str, Any], got: dict[str, Any]) -> str:
    for resource in (sent, got):
        meta = resource.get("meta", {})
        for stamp in ("versionId", "lastUpdated"):
            meta.pop(stamp, None)
        if not meta:
            resource.pop("meta", None)
    return _first_difference(sent, got, sent["resourceType"])


def _first_difference(sent: Any, got: Any, place: str) -> str:
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
        same = bytes(sent) == bytes(got) if isinstance(sent, msgspec.Raw) else sent == got
        return "" if same else f"{place}: {sent!r} became {got!r}"
    return next((found for where, a, b in pairs if (found := _first_difference(a, b, where))), "")


@contextmanager
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="fhir-conformance-") as data:
        command = [
            sys.executable,
            "-m",
            "fhir_server",
            "serve",
            "--port",
            str(PORT),
            "--data",
            data,
        ]
        environment = {**os.environ, "FHIR_MAX_BODY_BYTES": str(40 * 1024 * 1024)}
        log = Path(data) / "server.log"
        with log.open("wb") as sink:
            server = subprocess.Popen(command, env=environment, stderr=sink)
            try:
                _wait(server)
                yield f"http://127.0.0.1:{PORT}/fhir/"
            finally:
                server.terminate()
                server.wait(30)


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
