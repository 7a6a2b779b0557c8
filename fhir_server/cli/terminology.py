"""fhir-server terminology: code systems of others into the database, which are there, and away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from fhir_server.cli.environment import read_settings, refused

terminology = typer.Typer(
    help="Code systems others publish: into the database at FHIR_MONGODB_URI, and away.",
    no_args_is_help=True,
)


class Kind(StrEnum):
    """The formats that are read."""

    ICD10 = "icd10"
    LOINC = "loinc"
    SNOMED = "snomed"
    CSV = "csv"


Version = Annotated[str, typer.Option(help="Version, where the file does not say it.")]


@terminology.command("import")
def import_(
    kind: Annotated[Kind, typer.Argument(help="icd10, loinc, snomed or csv.")],
    path: Annotated[Path, typer.Argument(help="File, ZIP or folder.", exists=True)],
    version: Version = "",
    system: Annotated[str, typer.Option(help="URL of the system, for csv.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Load a version anew that is there.")
    ] = False,
) -> None:
    """Load a code system; it can be asked as soon as all of it is there."""
    from fhir_server.terminology.sources import icd10, loinc, snomed, table

    if (kind is Kind.CSV) != bool(system):
        raise refused("csv needs --system URL; the other formats know theirs.")
    readers: dict[Kind, Callable[[], Any]] = {
        Kind.ICD10: lambda: icd10.source(path, version),
        Kind.LOINC: lambda: loinc.source(path, version),
        Kind.SNOMED: lambda: snomed.source(path, version),
        Kind.CSV: lambda: table.source(path, system, version),
    }
    _run(lambda: _import(readers[kind], replaces=replace))


@terminology.command("list")
def list_() -> None:
    """Show the code systems that are loaded, and loads that did not end."""
    _run(_list)


@terminology.command("remove")
def remove(
    system: Annotated[str, typer.Argument(help="URL of the system.")],
    version: Annotated[str, typer.Option(help="Only this version.")] = "",
) -> None:
    """Delete the loaded concepts of a system, and the CodeSystem resources that tell of them."""
    _run(lambda: _remove(system, version))


def _run(what: Callable[[], Any]) -> None:
    from fhir_server.fhir.errors import FhirError

    try:
        asyncio.run(what())
    except FhirError as error:
        typer.echo(f"fhir-server: {error}", err=True)
        raise typer.Exit(1) from None


async def _import(read: Callable[[], Any], *, replaces: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TimeElapsedColumn

    from fhir_server.fhir.exchange import FhirRequest
    from fhir_server.terminology.loading import header, load

    source = read()
    if source.notice:
        typer.echo(source.notice, err=True)
    columns = ("Loading", BarColumn(), "{task.completed} concepts", TimeElapsedColumn())
    async with _opened() as (store, send):
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("", total=None)
            loaded = await load(
                store.concept_loads,
                source,
                replaces=replaces,
                told=lambda count: progress.advance(task, count),
            )
        resource = header(source, loaded)
        path = f"CodeSystem/{resource['id']}"
        await send(FhirRequest("PUT", path, resource=resource))
    typer.echo(f"{loaded.count} concepts of {loaded.url} version {loaded.version}; see {path}.")


async def _list() -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table("system", "version", "concepts", "state")
    async with _opened() as (store, _):
        for one in await store.concepts.loaded():
            state = "complete" if one.complete else "loading, or broken off"
            shown.add_row(one.url, one.version, str(one.count), state)
    Console().print(shown)


async def _remove(system: str, version: str) -> None:
    from fhir_server.fhir.errors import NotFound
    from fhir_server.fhir.exchange import FhirRequest
    from fhir_server.terminology.loading import header_id

    async with _opened() as (store, send):
        found = await store.concept_loads.versions(system, version)
        if not found:
            raise NotFound(f"Nothing of {system} is loaded.")
        for one in found:
            await send(FhirRequest("DELETE", f"CodeSystem/{header_id(one)}"))
            await store.concept_loads.drop(one)
            typer.echo(f"removed {one.url} version {one.version}")


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Any, Callable[[Any], Any]]]:
    """Give the store, and what sends a request through the route table of /fhir."""
    from fhir_server import main
    from fhir_server.interactions import table
    from fhir_server.interactions.dispatch import dispatch
    from fhir_server.interactions.search_parameters import refresh

    settings = read_settings()
    if settings.uri() is None:
        raise refused("set FHIR_MONGODB_URI to the database the codes are to be in.")
    spec = main.definitions(main.plugins(settings))
    routes = table.build(())
    async with main.health_store(settings) as store:
        context = main.health_context(settings, spec, store)
        await store.prepare()
        await refresh(context)

        async def send(request: Any) -> Any:
            return await dispatch(routes, context, request)

        yield store, send
