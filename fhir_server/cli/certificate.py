"""fhir-server certificate: whether a certificate is good, from files alone; the office's work."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fhir_server.cli import issuer_keys, office
from fhir_server.cli.environment import refused

if TYPE_CHECKING:
    from extensions.judicial_record.proof.checking import Verdict
    from extensions.judicial_record.proof.keyset import PublicKey

_FILE = {"exists": True, "dir_okay": False}
# Many times what a certificate or a PDF of one has.
_MOST = 50_000_000
_MOST_SCANNED = 10_000

certificate = typer.Typer(help="Judicial-record certificates.", no_args_is_help=True)
certificate.command("import")(office.import_)
certificate.command()(office.quarantine)
certificate.command()(office.recompute)
certificate.command()(office.late)
certificate.command("keys")(issuer_keys.keys)
certificate.command("rotate")(issuer_keys.rotate)
# A key id may begin with a dash.
_DASHES = {"ignore_unknown_options": True}
certificate.command("compromised", context_settings=_DASHES)(issuer_keys.compromised)
certificate.command("page-certificate")(issuer_keys.page_certificate)


@certificate.command()
def verify(
    file: Annotated[Path, typer.Argument(**_FILE, help="The certificate as JSON.")],
    *,
    keys: Annotated[
        Path, typer.Option("--keys", **_FILE, help="The issuers' keys: legal-jwks.json.")
    ],
    status: Annotated[
        Path | None, typer.Option(**_FILE, help="The status list the certificate names.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option(**_FILE, help="The page it came with.")] = None,
    roots: Annotated[
        Path | None,
        typer.Option(**_FILE, help="PEM: whose certificates the page's own signature may be by."),
    ] = None,
    log: Annotated[Path | None, typer.Option(**_FILE, help="A proof from the log.")] = None,
    max_age: Annotated[
        int | None,
        typer.Option(min=0, max=86_400, help="How old, in seconds, the status list may be."),
    ] = None,
) -> None:
    """Check a certificate without a network; exit 0 valid, 1 not valid, 2 not certain."""
    from extensions.judicial_record.proof.checking import Evidence, check

    if roots and not pdf:
        raise refused("--roots goes with --pdf, whose signature is checked by them.")
    known = _known(keys)
    evidence = Evidence(
        status=_content(status).decode("utf-8", "replace").strip() if status else None,
        paper=_content(pdf) if pdf else None,
        log=_json(log) if log else None,
        max_age=max_age,
    )
    verdict = check(_content(file), known, time.time_ns() // 1000, evidence)
    _tell(verdict)
    signed = pdf is None or roots is None or _is_signed(verdict, _content(pdf), _content(roots))
    raise typer.Exit({"valid": 0, "not-valid": 1}.get(verdict.kind, 2) if signed else 1)


@certificate.command()
def scan(
    keys: Annotated[
        Path, typer.Option("--keys", **_FILE, help="The issuers' keys: legal-jwks.json.")
    ],
) -> None:
    """Read what a page's large QR code said from standard input; exit 1 unless it is signed.

    What became of the certificate since is not in it: exit 2.
    """
    from extensions.judicial_record.paper.offline import proven
    from extensions.judicial_record.proof.reasons import NAMES, REASONS, Doubt
    from fhir_server.fhir.errors import Invalid

    try:
        told = proven(sys.stdin.read(_MOST_SCANNED).strip(), _known(keys))
    except (Invalid, Doubt) as error:
        typer.echo("{en} · {vi}".format(**NAMES["not-valid"]))
        known = REASONS.get(error.reason) if isinstance(error, Doubt) else None
        typer.echo("- {en}\n  {vi}".format(**known) if known else f"- {error}")
        raise typer.Exit(1) from None
    typer.echo("{en} · {vi}".format(**NAMES["unknown"]))
    typer.echo("- {en}\n  {vi}".format(**REASONS["status-unknown"]))
    person, numbers = told["subjectSnapshot"], [one["value"] for one in told["identifier"]]
    for words, value in (
        ("number · số phiếu", ", ".join(numbers)),
        ("form · loại phiếu", told["form"]),
        ("name · họ và tên", person["name"]),
        ("birth date · ngày sinh", person["birthDate"]),
        ("sex · giới tính", person["gender"]),
        ("convictions · án tích", told["convictionStatus"]),
        ("issuer · cơ quan cấp", told["issuer"]["reference"]),
        ("issued · ngày cấp", told["issued"]),
    ):
        typer.echo(f"{words}: {value}")
    raise typer.Exit(2)


def _known(keys: Path) -> "dict[str, PublicKey]":
    from extensions.judicial_record.proof.keyset import keyset

    known = keyset(_json(keys))
    if not known:
        raise refused(f"{keys} holds no key of an issuer.")
    return known


def _is_signed(verdict: "Verdict", pdf: bytes, roots: bytes) -> bool:
    """Say whether the page's own signature was good when it was issued; print who signed it."""
    from cryptography import x509

    from extensions.judicial_record.paper.checking import checked
    from fhir_server.fhir.dates import parse_instant

    try:
        trusted = x509.load_pem_x509_certificates(roots)
    except ValueError:
        raise refused("--roots is no file of certificates in PEM.") from None
    if verdict.body is None:
        return False
    found = checked(pdf, trusted, parse_instant(verdict.body["issued"]))
    told = ", ".join(found.reasons) or "good"
    typer.echo(f"signature of the page · chữ ký trên trang: {told} {found.signer}".rstrip())
    return not found.reasons


def _tell(verdict: "Verdict") -> None:
    """Print kind, reasons and what is proven, in both languages; nothing of the person."""
    from extensions.judicial_record.proof.reasons import NAMES, REASONS

    typer.echo("{en} · {vi}".format(**NAMES[verdict.kind]))
    for reason in verdict.reasons:
        typer.echo("- {en}\n  {vi}".format(**REASONS[reason]))
    body = verdict.body or {}
    for words, value in (
        ("form · loại phiếu", body.get("form")),
        ("issuer · cơ quan cấp", body["issuer"]["reference"] if body else None),
        ("issued · ngày cấp", body.get("issued")),
        ("status as of · tình trạng tính đến", _moment(verdict.status_at)),
        ("not proven · không được ký", ", ".join(verdict.unproven)),
    ):
        if value:
            typer.echo(f"{words}: {value}")


def _moment(second: int | None) -> str | None:
    from fhir_server.fhir.dates import SECOND, instant

    return None if second is None else instant(second * SECOND)


def _content(path: Path) -> bytes:
    """Read a file, at most as much of it as any of these has."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
    except OSError:
        raise refused(f"{path} cannot be read.") from None
    if len(content) > _MOST:
        raise refused(f"{path} is too large to be of a certificate.")
    return content


def _json(path: Path) -> Any:
    from fhir_server.fhir.errors import Invalid
    from fhir_server.fhir.json import parse

    try:
        return parse(_content(path))
    except Invalid:
        raise refused(f"{path} is not JSON.") from None
