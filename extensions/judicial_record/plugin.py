"""What judicial records add to the engine: definitions, operations, and what this base offers."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from extensions.judicial_record.certificate import correct, correction, issue, projections, revoke
from extensions.judicial_record.dossier import advice
from extensions.judicial_record.dossier import operations as dossier
from extensions.judicial_record.dossier.desk import Desk
from extensions.judicial_record.office import Office
from extensions.judicial_record.paper import authority
from extensions.judicial_record.proof import keys, public_log, status_list
from extensions.judicial_record.sources import importing, matching
from extensions.judicial_record.sources import records as source_records
from extensions.judicial_record.terms import sla_report
from extensions.judicial_record.verifying import (
    access_log,
    attempts,
    disclose,
    log_proof,
    passcode,
    verify,
)
from extensions.judicial_record.verifying import gate as gate_module
from extensions.judicial_record.verifying.gate import Gate
from extensions.judicial_record.verifying.soundness import Soundness
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import selection
from fhir_server.outbound.client import Outbound
from fhir_server.plugin import Plugin

DEFINITIONS = Path(__file__).parent / "definitions"
# Certificates and dossiers come from operations alone; a search is posted, so that no identity
# stands in an address.
OFFERED = frozenset(
    {
        ("GET", "metadata"),
        ("POST", "{type}/_search"),
        ("GET", "{type}/{id}"),
        ("GET", "{type}/{id}/_history"),
        ("GET", "{type}/{id}/_history/{version}"),
    }
)
INDEXES = json.loads((Path(__file__).parent / "indexes.json").read_text("utf-8"))
NOBODY = Outbound()
# What anybody may ask, without a token.
PUBLIC = frozenset({"capabilities", "$verify"})
# What takes its inputs in the address, where logs and proxies keep them: nothing of a person.
_IN_ADDRESS = frozenset({"sla-report"})


def plugin(office: Office) -> Plugin:
    """Give the guest of the legal base."""
    return Plugin("judicial_record", (DEFINITIONS,), operations(office))


# Kinds of internal records, each with the fields it is found by besides its id.
KINDS: Mapping[str, Sequence[str]] = {
    name: tuple(fields)
    for module in (authority, dossier, gate_module, issue, keys, public_log, importing, status_list)
    for name, fields in module.KINDS.items()
}


def operations(office: Office) -> Sequence[Operation]:
    """Give the operations of the legal base; listed by hand, each with a scope of its own."""
    gate = gate_of(office)
    desk = desk_of(office, gate)
    listed = (
        *dossier.operations(desk),
        advice.operation(desk, partial(source_records.convictions, office)),
        revoke.operation(office),
        correction.operation(desk),
        correct.operation(gate),
        verify.operation(gate),
        disclose.operation(gate),
        passcode.operation(gate),
        access_log.operation(gate),
        *projections.OPERATIONS,
        sla_report.operation(office),
        log_proof.operation(office),
    )
    return [replace(one, handler=partial(_scoped, one)) for one in listed]


async def _scoped(
    one: Operation, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Run an operation for who has its scope, such as `legal/$sign`; Forbidden for anybody else.

    Raises Invalid for inputs in the address.
    """
    context.allow(f"${one.name}", target.type)
    if selection(request) and one.name not in _IN_ADDRESS:
        raise Invalid(f"${one.name} takes its inputs in the body, as Parameters; none in the URL.")
    return await one.handler(context, request, target)


def gate_of(office: Office) -> Gate:
    """Give what checking from outside stands on."""
    return Gate(
        office,
        office.encryption.blind,
        office.law.rule,
        Soundness(office),
        gate_module.noting(office.records),
        attempts.counting(office),
        attempts.clearing(office),
    )


def desk_of(office: Office, gate: Gate, outbound: Outbound = NOBODY) -> Desk:
    """Give what the dossier stands on."""
    return Desk(
        office,
        check=partial(matching.check, office),
        issue=partial(issue.issue, gate),
        blind=partial(_digits, office),
        outbound=outbound,
    )


def _digits(office: Office, kind: str, value: str) -> str:
    """Give a keyed digest in hexadecimal digits: what is part of an id has no `_`."""
    return urlsafe_b64decode(office.encryption.blind(kind, value) + "==").hex()
