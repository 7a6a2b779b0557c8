"""The authorization server as the commands open it: its records, without a port."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from fhir_server.cli.environment import read_settings, refused


@contextmanager
def opened(*, definitions: bool = False) -> Iterator[Any]:
    """Give the authorization server of the settings; end in one line where something is wrong.

    `definitions` are read, which takes a moment, for commands that read scopes.
    """
    from fhir_server import main
    from fhir_server.fhir.errors import FhirError
    from fhir_server.interactions.current import Current
    from fhir_server.oauth.server import KINDS, OAuth
    from fhir_server.store.records import Reading, Records

    settings = read_settings()
    uri = settings.uri()
    if uri is None:
        raise refused("set FHIR_MONGODB_URI to the database the authorization server uses.")
    name = settings.oauth_database or f"{settings.database}_oauth"
    nothing: Any = None
    spec = main.definitions(main.plugins(settings), settings.packages) if definitions else nothing
    records, reading = Records.open(uri, name), Reading.open(uri, name)
    base = settings.base_url.rstrip("/")
    outbound = main.outbound(settings)
    try:
        records.prepare(KINDS)
        yield OAuth(settings.issuer_url(), base, records, reading, Current(spec), outbound=outbound)
    except (ValueError, FhirError) as error:
        typer.echo(f"fhir-server: {error}", err=True)
        raise typer.Exit(1) from None
    finally:
        records.close()
