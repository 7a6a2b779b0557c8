"""fhir-server token: an access token of a registered system, for who is at the server itself."""

from typing import Annotated

import typer

from fhir_server.cli.authorization import Legal, chosen, opened


def token(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")],
    scope: Annotated[str, typer.Option(help="What of its scopes; all of them without.")] = "",
    seconds: Annotated[int, typer.Option(min=1, max=3600, help="How long it is good.")] = 300,
    *,
    legal: Legal = False,
) -> None:
    """Print an access token of a system that is registered with system scopes."""
    from fhir_server.oauth import backend, clients

    chosen(legal=legal)
    with opened(definitions=True) as oauth:
        known = clients.active(oauth, client)
        if known is None:
            raise ValueError(f"There is no active client {client}.")
        typer.echo(backend.by_hand(oauth, known, scope, seconds))
