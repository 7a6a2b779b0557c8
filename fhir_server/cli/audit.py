"""fhir-server audit: whether what was written down of accesses is as it was written."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from fhir_server.cli.environment import read_settings, refused

_MOST_SHOWN = 100

audit = typer.Typer(help="Check what was written down of accesses.", no_args_is_help=True)


@audit.command()
def verify(
    checkpoints: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The file FHIR_AUDIT_CHECKPOINTS named."),
    ] = None,
) -> None:
    """Read every AuditEvent and seal at FHIR_MONGODB_URI; exit 1 where anything was changed."""
    from fhir_server.fhir.errors import Unavailable

    settings = read_settings()
    if settings.uri() is None:
        raise refused("set FHIR_MONGODB_URI to the database whose audit is to be checked.")
    kept = checkpoints.read_bytes() if checkpoints else b""
    try:
        faults = asyncio.run(_run(settings, kept))
    except Unavailable as error:
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


async def _run(settings: Any, kept: bytes) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from fhir_server import main
    from fhir_server.search.index import index_fields
    from fhir_server.store.verify import Verifier, lines

    spec = main.definitions(main.plugins(settings), settings.packages)
    async with main.health_store(settings) as store:
        place = main.health_context(settings, spec, store).place
        verifier = Verifier(
            store.database,
            await main.audit_key(settings, store),
            lambda event: index_fields(spec, event, place, identity=event["id"]),
        )
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
