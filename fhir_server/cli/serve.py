"""fhir-server serve: the server, with an embedded database where none is named."""

import ipaddress
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from fhir_server.cli.environment import read_settings, refused

EMBEDDED_NOTICE = (
    "Using the embedded MongoDB under {data}: for development, tests and demonstrations, "
    "never for real records; set FHIR_MONGODB_URI for those."
)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, help="Server processes.")] = 1,
    data: Annotated[Path, typer.Option(help="Folder of the embedded database.")] = Path(".data"),
    auth: Annotated[
        str, typer.Option(envvar="FHIR_AUTH", help="smart (who asks has a token) or none.")
    ] = "none",
) -> None:
    """Serve FHIR at http://HOST:PORT/fhir until Ctrl-C."""
    _check_auth(auth, host)
    os.environ["FHIR_AUTH"] = auth
    # A signal must unwind the stack: the embedded database ends with the server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as stack:
        prepare(stack, host, port, data)
        if workers > 1:
            _share_metrics(stack)
        run(host, port, workers)


def prepare(stack: ExitStack, host: str, port: int, data: Path) -> None:
    """Set what the worker processes read; start the embedded database where none is named."""
    shown = f"[{host}]" if ":" in host else host
    os.environ.setdefault("FHIR_BASE_URL", f"http://{shown}:{port}/fhir")
    settings = read_settings()
    if settings.uri() is None:
        os.environ["FHIR_MONGODB_URI"] = _embedded(stack, data)


def run(host: str, port: int, workers: int) -> None:
    """Run the workers until a signal ends them."""
    import uvicorn

    uvicorn.run(
        "fhir_server.main:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http="fhir_server.cli.protocol:Bounded",
        limit_concurrency=1000,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=25,
        timeout_worker_healthcheck=30,
    )


def _embedded(stack: ExitStack, data: Path) -> str:
    from fhir_server.store.embedded import (
        EmbeddedBusyError,
        EmbeddedMissingError,
        running,
    )

    typer.echo(EMBEDDED_NOTICE.format(data=data), err=True)
    try:
        return stack.enter_context(running(data))
    except (EmbeddedBusyError, EmbeddedMissingError) as error:
        raise refused(str(error)) from None


def _check_auth(auth: str, host: str) -> None:
    if auth not in ("smart", "none"):
        raise refused(f"--auth is smart or none, not {auth}.")
    if auth == "none" and not _loopback(host):
        raise refused(
            f"--auth none lets everyone do everything, so it serves loopback only, not {host}."
        )


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _share_metrics(stack: ExitStack) -> None:
    import tempfile

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fhir-metrics-"))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
