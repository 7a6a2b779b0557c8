"""The authorization server as the commands open it: its records, without a port."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

import typer

from fhir_server.cli.environment import read_settings, refused

Legal = Annotated[bool, typer.Option("--legal", help="Of the legal base, not of the health base.")]
# Which base's authorization server the commands of this run are about.
_legal: ContextVar[bool] = ContextVar("legal", default=False)
# Where `serve` without a database says how its embedded one is reached.
_EMBEDDED = Path(".data/uri")


def chosen(*, legal: Legal = False) -> None:
    """Say whose clients, users and tokens a command is about."""
    _legal.set(legal)


@contextmanager
def opened(*, definitions: bool = False, legal: bool | None = None) -> Iterator[Any]:
    """Give the authorization server of the settings; end in one line where something is wrong.

    `definitions` are read, which takes a moment, for commands that read scopes. It is that of the
    base which was chosen, unless `legal` says which.
    """
    from fhir_server import main
    from fhir_server.fhir.errors import FhirError
    from fhir_server.interactions.current import Current
    from fhir_server.oauth.server import KINDS, OAuth
    from fhir_server.store.records import Reading, Records

    settings, legal = read_settings(), _legal.get() if legal is None else legal
    uri = (settings.legal_uri() if legal else settings.uri()) or beside(legal=legal)
    if uri is None:
        variable = "FHIR_LEGAL_MONGODB_URI" if legal else "FHIR_MONGODB_URI"
        raise refused(f"set {variable} to the database the authorization server uses.")
    name = settings.oauth_name()
    issuer, base = settings.issuer_url(), settings.base_url.rstrip("/")
    if legal:
        root = settings.legal_root()
        name, issuer, base = f"{settings.legal_name()}_oauth", f"{root}/oauth", f"{root}/fhir"
    spec = _definitions(settings, legal=legal) if definitions else None
    records, reading = Records.open(uri, name), Reading.open(uri, name)
    try:
        records.prepare(KINDS)
        current: Any = Current(spec) if spec else None
        yield OAuth(issuer, base, records, reading, current, outbound=main.outbound(settings))
    except (ValueError, FhirError) as error:
        typer.echo(f"fhir-server: {error}", err=True)
        raise typer.Exit(1) from None
    finally:
        records.close()


def _definitions(settings: Any, *, legal: bool) -> Any:
    if legal:
        from fhir_server.main.legal import definitions

        return definitions()
    from fhir_server import main

    return main.definitions(main.plugins(settings), settings.packages)


def beside(*, legal: bool) -> str | None:
    """Give the address of the embedded database of a `serve` that runs here; None without."""
    file = _EMBEDDED.with_name("legal-uri") if legal else _EMBEDDED
    return file.read_text(encoding="utf-8").strip() if file.exists() else None
