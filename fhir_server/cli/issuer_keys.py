"""fhir-server certificate keys, rotate, compromised, page-certificate: what issuers sign with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhir_server.cli.environment import refused
from fhir_server.cli.office import opened

if TYPE_CHECKING:
    from extensions.judicial_record.office import Office

_Issuer = Annotated[str, typer.Argument(help="Id of the issuer's Organization, such as issuer-99.")]


def keys() -> None:
    """List the signing keys there ever were: id, whose, from when until when, since when lost."""
    from extensions.judicial_record.proof.keys import published
    from fhir_server.fhir.dates import SECOND, instant

    with opened() as office:
        for one in published(office.ring)["keys"]:
            times = " to ".join(instant(one[name] * SECOND) for name in ("nbf", "exp"))
            lost = one.get("revoked", {}).get("revoked_at")
            told = f", not trusted since {instant(lost * SECOND)}" if lost else ""
            typer.echo(f"{one['kid']} {one['issuer']} {times}{told}")


def rotate(
    issuer: Annotated[
        str, typer.Argument(help="Id of the issuer's Organization, or `log`, which signs the log.")
    ],
) -> None:
    """Let an issuer sign with a new key from the next second on; those before stay known."""
    from extensions.judicial_record.proof import keys, log_proof

    with opened() as office:
        keys.rotate(office.ring, issuer if issuer == log_proof.LOG else _known(office, issuer))
    typer.echo(f"{issuer} signs with a new key.")


def compromised(
    kid: Annotated[str, typer.Argument(help="The key, as `certificate keys` lists it.")],
    since: Annotated[str, typer.Option(help="Since when, such as 2026-11-28T10:00:00+07:00.")],
) -> None:
    """Trust nothing a key signed at or after a time; it signs no more."""
    from extensions.judicial_record.proof import keys
    from fhir_server.fhir.dates import parse_instant
    from fhir_server.fhir.errors import Invalid

    try:
        at = parse_instant(since)
    except Invalid:
        raise refused("--since is a time with its zone: 2026-11-28T10:00:00+07:00.") from None
    with opened() as office:
        keys.compromised(office.ring, kid, at)
    typer.echo(f"What {kid} signed since {since} is not trusted.")


def page_certificate(
    issuer: _Issuer,
    chain: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="PEM: its certificate, then the CAs."),
    ] = None,
) -> None:
    """Let an issuer sign its pages by an X.509 certificate of its own; without one, print it."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from extensions.judicial_record.paper import authority
    from fhir_server.fhir.errors import Unavailable

    with opened() as office:
        whose = _known(office, issuer)
        if chain is None:
            try:
                kept = office.credentials(whose)
            except Unavailable as error:
                raise ValueError(str(error)) from None
            for one in (kept.certificate, *kept.chain):
                typer.echo(one.public_bytes(Encoding.PEM).decode().strip())
            return
        authority.put(office.records, office.ring.signer, whose, chain.read_bytes(), office.clock())
    typer.echo(f"The pages of {issuer} are signed by this certificate from now on.")


def _known(office: "Office", issuer: str) -> str:
    if issuer not in office.issuers:
        raise ValueError(f"No issuer has this id; there are: {', '.join(office.issuers)}.")
    return f"Organization/{issuer}"
