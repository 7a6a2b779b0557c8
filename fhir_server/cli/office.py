"""fhir-server certificate import, quarantine, recompute, late: the office's own work."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from fhir_server.cli.authorization import beside
from fhir_server.cli.environment import read_settings, refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extensions.judicial_record.office import Office
    from extensions.judicial_record.sources.report import FileReport
    from fhir_server.settings import Settings

_FILE = {"exists": True, "dir_okay": False}
_MOST_REFUSED = 100_000


def import_(
    files: Annotated[
        list[Path], typer.Argument(**_FILE, help="JSON lines, or tables (.csv), of source records.")
    ],
    report: Annotated[Path, typer.Option(help="Where the data-quality report is written.")] = Path(
        "import-report.json"
    ),
    courts: Annotated[
        Path | None, typer.Option(**_FILE, help="The courts judgments are taken from.")
    ] = None,
) -> None:
    """Import judgments, papers and bans; exit 1 where a row was refused, which the report tells."""
    from extensions.judicial_record.sources.report import told
    from fhir_server.fhir import json

    with opened() as office:
        reports = _imported(office, files, courts)
    report.write_bytes(json.dump(told(reports)) + b"\n")
    _show(reports)
    if any(one.outcomes["refused"] for one in reports):
        typer.echo(f"The reasons are in {report}; the rows are kept in quarantine.", err=True)
        raise typer.Exit(1)


def quarantine(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A new file for the rows.")],
) -> None:
    """Write the rows that were refused, as they were sent, with the reasons: one JSON line each."""
    from extensions.judicial_record.sources.quarantine import refused as rows
    from fhir_server.fhir import json

    with opened() as office, _new(file) as lines:
        written = [
            lines.write(json.dump(one.told()) + b"\n") for one in rows(office, _MOST_REFUSED)
        ]
    typer.echo(
        f"{len(written)} rows were written to {file}; persons stand in it, delete it after use."
    )


@contextmanager
def _new(file: Path) -> "Iterator[BinaryIO]":
    """Open a file nobody else may read; end in one line where it is there already."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise refused(f"{file} cannot be made: {error.strerror}.") from None
    with os.fdopen(handle, "wb") as lines:
        yield lines


def recompute() -> None:
    """Give every running term the end it has by the days of now, as after a new holiday."""
    from extensions.judicial_record.terms.recompute import recompute as again

    done = _run(again)
    typer.echo(f"{done.looked} dossiers with a running term, {done.changed} of them end anew.")


def late() -> None:
    """Note dossiers that are late, and write a letter of apology for each, once."""
    from extensions.judicial_record.terms.late import late as noted

    done = _run(noted)
    typer.echo(f"{done.late} dossiers are late, {done.letters} letters were written.")


def _imported(office: "Office", files: list[Path], courts: Path | None) -> "list[FileReport]":
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    from extensions.judicial_record.sources.courts import Courts
    from extensions.judicial_record.sources.importing import import_files

    known = Courts.read(courts) if courts else None
    columns = ("Importing", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=sum(one.stat().st_size for one in files))
        return list(import_files(office, files, known, lambda size: progress.advance(task, size)))


def _show(reports: "Sequence[FileReport]") -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table("file", "rows", "kept", "unchanged", "refused", "reasons")
    for one in reports:
        counts = [one.outcomes[name] for name in ("kept", "unchanged", "refused")]
        why = ", ".join(f"{reason} {count}" for reason, count in one.reasons.most_common())
        shown.add_row(one.file, str(one.outcomes.total()), *map(str, counts), why)
    Console().print(shown)


def legal_settings() -> "Settings":
    """Give the settings with the address of the legal database, set or of `serve` beside."""
    from pydantic import SecretStr

    settings = read_settings()
    uri = settings.legal_uri() or beside(legal=True)
    if uri is None:
        raise refused("set FHIR_LEGAL_MONGODB_URI to the database of the legal base.")
    return settings.model_copy(update={"legal_mongodb_uri": SecretStr(uri)})


@contextmanager
def opened() -> "Iterator[Office]":
    """Open the office; end in one line where something is wrong."""
    from extensions.judicial_record.plugin import KINDS
    from fhir_server.fhir.errors import FhirError
    from fhir_server.main import legal

    settings = legal_settings()
    try:
        with legal.office_of(settings) as office:
            office.records.prepare(KINDS)
            yield office
    except (ValueError, FhirError) as error:
        typer.echo(f"fhir-server: {error}", err=True)
        raise typer.Exit(1) from None


def _run(what: "Callable[[Any, Office], Awaitable[Any]]") -> Any:
    """Give what a job over the dossiers answers."""

    async def run(office: "Office") -> Any:
        from fhir_server.main import legal

        settings, spec = legal_settings(), legal.definitions()
        async with legal.opened_store(settings, office) as store:
            key = legal.cursor_key(office)
            return await what(legal.context_of(settings, spec, store, key), office)

    with opened() as office:
        return asyncio.run(run(office))
