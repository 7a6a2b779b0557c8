"""fhir-server serve: the server, with an embedded database where none is named."""

import ipaddress
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhir_server.cli.environment import read_settings, refused

if TYPE_CHECKING:
    from fhir_server.settings import Settings

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
    ] = "smart",
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
    if settings.legal:
        _legal_is_ready(settings)
    if settings.uri() is None:
        os.environ |= _embedded(stack, data, settings)


def run(host: str, port: int, workers: int) -> None:
    """Serve until a signal ends it: in this process, or in so many of its own."""
    from fhir_server.cli import worker

    if workers == 1:
        worker.run(host, port)
        return
    import asyncio

    from fhir_server.cli.workers import Workers
    from fhir_server.http import log

    log.configure()
    listener = worker.config(host=host, port=port).bind_socket()
    sys.exit(asyncio.run(Workers(listener, workers).run()))


def _legal_is_ready(settings: "Settings") -> None:
    """See that the folder of the legal base is whole before a process serves from it."""
    try:
        from extensions.judicial_record.opening import ready

        ready(settings.legal_folder, trying=settings.env == "development")
    except ModuleNotFoundError as error:
        reason = f'FHIR_LEGAL needs {error.name}: pip install "fhir-server[legal]".'
        raise refused(reason) from None
    except (ValueError, OSError) as error:
        raise refused(str(error)) from None


def _embedded(stack: ExitStack, data: Path, settings: "Settings") -> dict[str, str]:
    """Start it and give what it sets; with a user for each base where there is a legal one."""
    from fhir_server.store.embedded import EmbeddedBusyError, EmbeddedMissingError, running
    from fhir_server.store.embedded_users import apart, known

    typer.echo(EMBEDDED_NOTICE.format(data=data), err=True)
    legal = settings.legal_name()
    users = {
        "health": [settings.database, settings.oauth_name()],
        "legal": [legal, f"{legal}_oauth"],
    }
    try:
        if not (settings.legal or known(data)):
            return {"FHIR_MONGODB_URI": stack.enter_context(running(data))}
        uris = stack.enter_context(apart(data, users))
        own = {} if settings.legal_uri() else {"FHIR_LEGAL_MONGODB_URI": uris["legal"]}
        return {"FHIR_MONGODB_URI": uris["health"], **own}
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
