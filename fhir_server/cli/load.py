"""fhir-server load: envelopes, Bundles and NDJSON files into a server, or an empty database."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from fhir_server.cli.client import Token, connected, told
from fhir_server.cli.environment import read_settings, refused

_SUFFIXES = {".xml", ".json", ".ndjson"}
_NDJSON_BATCH = 200
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to send: a whole file, or a run of lines of an NDJSON file."""

    name: str
    path: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an item: `refused` is empty when all of it was stored."""

    item: str
    refused: str


def load(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders.", exists=True)],
    *,
    to: Annotated[str, typer.Option(help="Base URL.")] = "http://127.0.0.1:8080/fhir",
    token: Token = None,
    report: Annotated[Path, typer.Option(help="Where refusals are written.")] = Path(
        "load-report.ndjson"
    ),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Write into an empty database, without a server.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=0, help="Processes of --fresh; 0: as many as cores.")
    ] = 0,
) -> None:
    """Send every file; exit 1 and write a report when anything was refused."""
    from rich.console import Console

    console = Console(stderr=True)
    if fresh:
        stored, wrong = _loaded_fresh(paths, jobs, console)
    else:
        with connected(to, token) as client:
            answers = list(_sent(client, list(_files(paths)), console))
        wrong = [answer for answer in answers if answer.refused]
        stored = len(answers) - len(wrong)
    console.print(f"{stored} stored, {len(wrong)} refused.")
    if wrong:
        _write_report(report, wrong)
        console.print(f"The reasons are in {report}.")
        raise typer.Exit(1)


def _loaded_fresh(paths: list[Path], jobs: int, console: Any) -> tuple[int, list[Answer]]:
    """Load into the database a server here would use; give how many are stored, what is not."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    from fhir_server.cli.loading.fresh import Loading
    from fhir_server.cli.offline.processes import EndedError
    from fhir_server.cli.serve import prepare
    from fhir_server.fhir.errors import FhirError

    with ExitStack() as stack:
        prepare(stack, "127.0.0.1", 8080, Path(".data"))
        loading = Loading(read_settings())
        columns = (BarColumn(), DownloadColumn(), "{task.fields[pace]}", TimeRemainingColumn())
        progress = Progress("Loading", *columns, console=console)
        task = progress.add_task("", total=loading.measure(paths), pace="")
        began = time.monotonic()

        def told(size: int) -> None:
            # It has a thread: not before the processes are there.
            progress.start()
            pace = loading.stored / max(time.monotonic() - began, 0.001)
            progress.update(task, advance=size, pace=f"{pace:,.0f} resources/s")

        stack.callback(progress.stop)
        try:
            loading.run(jobs, told)
        except (FhirError, ValueError, EndedError) as error:
            raise refused(str(error)) from None
    return loading.stored, [Answer(*one) for one in loading.refused]


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                inner for inner in path.rglob("*") if inner.suffix in _SUFFIXES and inner.is_file()
            )
        else:
            yield path


def _sent(client: Any, files: list[Path], console: Any) -> Iterator[Answer]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("Loading", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(_AT_ONCE) as pool:
        task = progress.add_task("", total=len(files))
        window = _AT_ONCE * 8
        for start in range(0, len(files), window):
            part = files[start : start + window]
            for answers in pool.map(lambda file: _send_file(client, file), part):
                progress.advance(task)
                yield from answers


def _send_file(client: Any, file: Path) -> list[Answer]:
    """Send all of a file; what cannot be read is refused like what the server refuses."""
    from fhir_server.fhir.errors import Invalid

    answers: list[Answer] = []
    try:
        answers += (_send(client, item) for item in _items(file))
    except (Invalid, OSError) as error:
        answers.append(Answer(str(file), f"cannot be read: {error}"))
    return answers


def _send(client: Any, item: Item) -> Answer:
    response = client.post(
        item.path, content=item.body, headers={"Content-Type": item.content_type}
    )
    if not response.is_success:
        return Answer(item.name, f"{response.status_code}: {told(response.content)}")
    return Answer(item.name, _refused_parts(response.content))


def _refused_parts(body: bytes) -> str:
    """Give the errors inside a 200: refused records of an envelope, failed entries of a batch."""
    from fhir_server.fhir import json

    answer = json.parse_object(body) if body else {}
    if answer.get("resourceType") == "OperationOutcome":
        wrong = [one for one in answer["issue"] if one["severity"] in ("error", "fatal")]
        return told(json.dump({"issue": wrong})) if wrong else ""
    failed = [
        told(json.dump(entry["response"].get("outcome", {})))
        for entry in answer.get("entry", [])
        if entry.get("response", {}).get("status", "200") >= "400"
    ]
    return "; ".join(failed)


def _items(file: Path) -> Iterator[Item]:
    body = file.read_bytes() if file.suffix != ".ndjson" else b""
    if file.suffix == ".xml":
        yield Item(str(file), "$submit-document", "application/xml", body)
    elif file.suffix == ".ndjson":
        yield from _batches(file)
    else:
        yield from _resource(file, body)


def _resource(file: Path, body: bytes) -> Iterator[Item]:
    from fhir_server.fhir import json

    resource = json.parse_object(body)
    if resource.get("resourceType") == "Bundle" and resource.get("type") in (
        "batch",
        "transaction",
    ):
        yield Item(str(file), "", "application/fhir+json", body)
    else:
        yield Item(str(file), "", "application/fhir+json", json.dump(_batch([resource])))


def _batches(file: Path) -> Iterator[Item]:
    from fhir_server.fhir import json

    waiting: list[dict[str, Any]] = []
    first = 1
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                waiting.append(json.parse_object(line))
            if len(waiting) == _NDJSON_BATCH:
                yield _ndjson_item(file, first, number, waiting)
                waiting, first = [], number + 1
    if waiting:
        yield _ndjson_item(file, first, number, waiting)


def _ndjson_item(file: Path, first: int, last: int, resources: list[dict[str, Any]]) -> Item:
    from fhir_server.fhir import json

    body = json.dump(_batch(resources))
    return Item(f"{file}:{first}-{last}", "", "application/fhir+json", body)


def _batch(resources: list[dict[str, Any]]) -> dict[str, Any]:
    entries = []
    for resource in resources:
        type_, identity = resource.get("resourceType"), resource.get("id")
        request = (
            {"method": "PUT", "url": f"{type_}/{identity}"}
            if identity
            else {"method": "POST", "url": str(type_)}
        )
        entries.append({"resource": resource, "request": request})
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}


def _write_report(path: Path, refused: list[Answer]) -> None:
    from fhir_server.fhir import json

    lines = (json.dump({"item": one.item, "reason": one.refused}) for one in refused)
    path.write_bytes(b"\n".join(lines) + b"\n")
