"""The HTTP client of the commands that talk to a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

Token = Annotated[
    str | None, typer.Option("--token", envvar="FHIR_TOKEN", help="Bearer token, if one is needed.")
]


@contextmanager
def connected(url: str, token: str | None) -> Iterator[Any]:
    """Give an HTTP client whose paths are relative to `url`; end in one line if it is not there."""
    import httpx2

    headers = {"Accept": "application/fhir+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    base = url.rstrip("/") + "/"
    try:
        with httpx2.Client(base_url=base, headers=headers, timeout=60.0) as client:
            yield client
    except httpx2.HTTPError as error:
        typer.echo(f"fhir-server: {base} does not answer: {error}", err=True)
        raise typer.Exit(1) from None


def told(body: bytes) -> str:
    """Give the messages of an OperationOutcome in one line."""
    from fhir_server.fhir import json
    from fhir_server.fhir.errors import Invalid

    try:
        issues = json.parse_object(body).get("issue", [])
    except Invalid:
        return body[:200].decode("utf-8", "replace")
    parts = []
    for issue in issues:
        place = ", ".join(issue.get("expression", []))
        parts.append(
            f"{place}: {issue.get('diagnostics', '')}" if place else issue.get("diagnostics", "")
        )
    return "; ".join(parts)
