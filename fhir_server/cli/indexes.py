"""fhir-server indexes: what exists, what is missing, builds."""

import asyncio
from typing import Annotated

import typer


def indexes(
    build: Annotated[bool, typer.Option("--build", help="Build what is missing.")] = False,
    reindex: Annotated[
        bool, typer.Option("--reindex", help="Rewrite index fields of outdated types.")
    ] = False,
) -> None:
    """Compare the indexes of the database at FHIR_MONGODB_URI with the default set."""
    from fhir_server.settings import Settings

    settings = Settings()
    if settings.uri() is None:
        typer.echo("fhir-server: set FHIR_MONGODB_URI to the database to look at.", err=True)
        raise typer.Exit(2)
    asyncio.run(_run(build=build, reindex=reindex))


async def _run(*, build: bool, reindex: bool) -> None:
    from rich.console import Console

    from fhir_server.main import definitions
    from fhir_server.settings import Settings
    from fhir_server.store.store import opened

    settings = Settings()
    uri = settings.uri()
    assert uri is not None
    async with opened(uri, settings.database) as store:
        await _report(store, definitions(), Console(), build=build, reindex=reindex)
