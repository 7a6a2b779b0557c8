"""fhir-server work: a process that works jobs and serves nothing."""

import asyncio
import signal
from typing import Annotated, Any

import typer

from fhir_server.cli.environment import read_settings, refused


def work(
    at_once: Annotated[int, typer.Option(min=1, help="Jobs at the same time.")] = 2,
) -> None:
    """Work the jobs of the database at FHIR_MONGODB_URI until Ctrl-C; others go on from there."""
    from fhir_server.fhir.errors import Unavailable

    settings = read_settings()
    if settings.uri() is None:
        raise refused("set FHIR_MONGODB_URI to the database whose jobs are to be worked.")
    try:
        asyncio.run(_run(settings.model_copy(update={"jobs_at_once": at_once})))
    except Unavailable as error:
        typer.echo(f"fhir-server: {error}", err=True)
        raise typer.Exit(1) from None


async def _run(settings: Any) -> None:
    from fhir_server import main

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await main.work(settings, ended)
