"""fhir-server audit: whether what was written down of accesses is as it was written."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fhir_server.cli.authorization import Legal
from fhir_server.cli.environment import read_settings, refused
from fhir_server.cli.office import legal_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from fhir_server.interactions.context import Context
    from fhir_server.settings import Settings
    from fhir_server.store.verify import Verifier

_MOST_SHOWN = 100

audit = typer.Typer(help="Check what was written down of accesses.", no_args_is_help=True)


@audit.command()
def verify(
    checkpoints: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The file FHIR_AUDIT_CHECKPOINTS named."),
    ] = None,
    *,
    legal: Legal = False,
) -> None:
    """Read every AuditEvent and seal at FHIR_MONGODB_URI; exit 1 where anything was changed."""
    from fhir_server.fhir.errors import Unavailable

    settings = legal_settings() if legal else read_settings()
    if not legal and settings.uri() is None:
        raise refused("set FHIR_MONGODB_URI to the database whose audit is to be checked.")
    kept = checkpoints.read_bytes() if checkpoints else b""
    try:
        faults = asyncio.run(_run(_legal(settings) if legal else _health(settings), kept))
    except (Unavailable, ValueError) as error:
        typer.echo(f"fhir-server: {error}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(1 if faults else 0)


@audit.command()
def reviews(
    close: Annotated[str, typer.Option(help="Id of one that was looked at.")] = "",
    by: Annotated[str, typer.Option(help="Who looked at it; goes with --close.")] = "",
) -> None:
    """List the broken glasses at FHIR_MONGODB_URI nobody has reviewed, or note that one was."""
    from fhir_server.fhir.errors import Unavailable

    settings = read_settings()
    if settings.uri() is None:
        raise refused("set FHIR_MONGODB_URI to the database whose reviews are waiting.")
    if bool(close) != bool(by.strip()):
        raise refused("--close names a review and --by who looked at it: give both.")
    try:
        known = asyncio.run(_reviews(settings, close, by.strip()))
    except Unavailable as error:
        typer.echo(f"fhir-server: {error}", err=True)
        raise typer.Exit(1) from None
    if not known:
        typer.echo("fhir-server: no review of this id is waiting.", err=True)
        raise typer.Exit(1)


async def _reviews(settings: Any, close: str, by: str) -> bool:
    from fhir_server import main
    from fhir_server.fhir.dates import instant

    async with main.health_store(settings) as store:
        if close:
            return await store.reviews.close(close, by, store.clock.tick())
        for one in await store.reviews.waiting():
            told = f"Patient/{one.patient} {one.user} {one.client} until {instant(one.until)}"
            typer.echo(f"{one.id} {instant(one.ts)} {told}: {one.reason}")
    return True


@asynccontextmanager
async def _health(settings: "Settings") -> "AsyncIterator[Verifier]":
    from fhir_server import main
    from fhir_server.main import parts
    from fhir_server.store.verify import Verifier

    spec = main.definitions(main.plugins(settings), settings.packages)
    async with main.health_store(settings) as store:
        context = main.health_context(settings, spec, store)
        key = await main.audit_key(settings, store)
        yield Verifier(store.database, parts.signer(context, key), _indexed(context))


@asynccontextmanager
async def _legal(settings: "Settings") -> "AsyncIterator[Verifier]":
    from fhir_server.main import legal, parts
    from fhir_server.store.verify import Verifier

    spec = legal.definitions()
    with legal.office_of(settings) as office:
        async with legal.opened_store(settings, office) as store:
            context = legal.context_of(settings, spec, store)
            signer = parts.signer(context, legal.audit_key(office))
            yield Verifier(store.database, signer, _indexed(context))


def _indexed(context: "Context") -> "Callable[[dict[str, Any]], Mapping[str, Any]]":
    """Give what gives the index fields an event has to have."""
    from fhir_server.search.index import index_fields

    spec, place = context.spec, context.place
    return lambda event: index_fields(spec, event, place, identity=event["id"])


async def _run(opened: "AbstractAsyncContextManager[Verifier]", kept: bytes) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from fhir_server.store.verify import lines

    async with opened as verifier:
        found = 0
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Reading the audit", total=await verifier.size())

            def told(steps: int) -> None:
                progress.advance(task, steps)

            async for fault in verifier.faults(lines(kept), told):
                found += 1
                if found <= _MOST_SHOWN:
                    typer.echo(f"{fault.place}: {fault.told}")
    more = f", of which {_MOST_SHOWN} are shown" if found > _MOST_SHOWN else ""
    typer.echo(
        f"{verifier.sealed} events sealed and well, {verifier.waiting} well and not sealed yet, "
        f"{found} faults{more}."
    )
    return found
