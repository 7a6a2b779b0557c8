"""Settings as the commands read them: a bad one ends in a line that names its variable."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from fhir_server.settings import Settings


def read_settings() -> "Settings":
    """Read FHIR_… from the environment; exit 2 in one line where that cannot be used."""
    from pydantic import ValidationError

    from fhir_server.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        told = [
            " ".join([*(f"FHIR_{name}:".upper() for name in one["loc"] if name), one["msg"]])
            for one in error.errors()
        ]
        raise refused("; ".join(told).replace("Value error, ", "")) from None


def refused(reason: str) -> typer.Exit:
    """Tell the reason in one line; give the exit, with status 2, to raise."""
    typer.echo(f"fhir-server: {reason}", err=True)
    return typer.Exit(2)
