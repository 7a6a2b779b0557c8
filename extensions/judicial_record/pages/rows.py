"""The pages as a table, and the menu: what the second site of a server is opened with."""

from collections.abc import Sequence
from functools import partial

from extensions.judicial_record.pages import apply, certificate, dossier, queue, verify
from extensions.judicial_record.verifying.gate import Gate
from fhir_server.pages.router import Row

PREFIX, PACKAGE = "/legal", "extensions.judicial_record.pages"
MENU = (
    ("queue", "Practitioner"),
    ("dossiers", "Person"),
    ("apply", "Person"),
    ("verify", ""),
    ("apps", ""),
)


def rows(gate: Gate) -> Sequence[Row]:
    """Give the pages of an issuing system; the two that check are for everybody."""
    one, do = partial(certificate.show, gate), partial(certificate.answer, gate)
    office = gate.office
    return (
        Row("verify", verify.show, verify.answer, signed_in=False),
        Row("v/{code}", verify.show, verify.answer, signed_in=False),
        Row("queue", queue.show, role="Practitioner"),
        Row("dossiers", dossier.mine, role="Person"),
        Row("apply", apply.show, apply.answer, role="Person"),
        Row("dossier/{id}", partial(dossier.show, office), partial(dossier.answer, office)),
        Row("certificate/{id}", one, do),
        Row("paper/{id}", certificate.paper),
    )
