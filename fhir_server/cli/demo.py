"""fhir-server demo: start, load real envelopes, print a book, a login and an app; keep serving."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhir_server.cli.environment import refused
from fhir_server.cli.serve import EMBEDDED_NOTICE

if TYPE_CHECKING:
    from fhir_server.cli.demonstration import Login

_START_SECONDS = 60.0
_SAMPLE = "mappings/decision_4750/examples/sample/envelope.xml"


def demo(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
    data: Annotated[Path, typer.Option(help="Folder of the demonstration's data.")] = Path(
        ".data/demo"
    ),
) -> None:
    """Show the main job end to end, then serve until Ctrl-C; the second start reuses the data.

    Beside it, on the next port, runs a sample app that asks a citizen for the health book.
    """
    root = f"http://127.0.0.1:{port}"
    url = f"{root}/fhir"
    _check_port(port)
    _check_port(port + 1)
    # A signal must unwind: the server and its database end with the demonstration.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    database, log = data / "mongodb", data / "server.log"
    data.mkdir(parents=True, exist_ok=True)
    os.environ |= {"FHIR_LEGAL": "true", "FHIR_LEGAL_FOLDER": str(data / "legal")}
    typer.echo(EMBEDDED_NOTICE.format(data=database))
    command = [sys.executable, "-m", "fhir_server", "serve", "--auth", "smart"]
    command += ["--port", str(port)]
    with log.open("ab") as sink:
        server = subprocess.Popen([*command, "--data", str(database)], stderr=sink)  # noqa: S603 our own command
    from fhir_server.cli import certificates
    from fhir_server.cli.demonstration import citizen, hospitals
    from fhir_server.cli.sample_app import served
    from mappings.synthetic.demonstration import citizen_id

    try:
        _wait(server, port, log)
        os.environ["FHIR_MONGODB_URI"] = (database / "uri").read_text().strip()
        os.environ["FHIR_LEGAL_MONGODB_URI"] = (database / "legal-uri").read_text().strip()
        os.environ["FHIR_BASE_URL"] = url
        token = hospitals()
        _load_once(url, data, token)
        certificates.told_once(root, data)
        login, officers = citizen(url, token, citizen_id()), certificates.people(data)
        with served(port + 1, url) as app:
            _show(url, token)
            _invite(app, login)
            certificates.invite(root, data, officers)
            typer.echo("\nServing until Ctrl-C.")
            server.wait()
    except KeyboardInterrupt:
        typer.echo("Stopping.")
    finally:
        _stop(server)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise refused(f"port {port} is in use; choose another with --port.") from None


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    import httpx2

    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            typer.echo("".join(last) or "fhir-server: the server ended.", err=True)
            raise typer.Exit(server.returncode or 1)
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/health/ready", timeout=2.0).is_success:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.1)
    typer.echo("fhir-server: the server did not become ready in a minute.", err=True)
    raise typer.Exit(1)


def _load_once(url: str, data: Path, token: str) -> None:
    from fhir_server.cli.load import load
    from mappings.synthetic.demonstration import CITIZENS, SEED
    from mappings.synthetic.writer import write

    done = data / "loaded"
    if done.exists():
        return
    envelopes = data / "envelopes"
    write(envelopes, citizens=CITIZENS, seed=SEED, form="envelope")
    load([_sample(), envelopes], to=url, token=token, report=data / "load-report.ndjson")
    done.touch()


def _sample() -> Path:
    import mappings

    return Path(mappings.__path__[0]).parent / _SAMPLE


def _show(url: str, token: str) -> None:
    from fhir_server.cli.book import book
    from mappings.synthetic.demonstration import citizen_id

    identifier = citizen_id()
    book(identifier, from_=url, token=token, pages=1)
    typer.echo("")
    typer.echo(f"  Capabilities      {url}/metadata?_pretty=true")


def _invite(app: str, login: "Login") -> None:
    """Say what to open, and who to be there."""
    typer.echo(f"  Sample app        {app}")
    typer.echo(f"  Sign in as        {login.username}, password {login.password}")
    typer.echo(
        "\nA third-party app asks for the health book: look at what it asks for, let it in,"
        "\nand take it back under My apps."
    )


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGINT if os.name == "nt" else signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
