"""The operation `POST /fhir/$submit-document`: the HOSO is the unit, each one commits or not.

The body is the raw XML envelope of decision 4750; `dry-run=true` answers with the transaction
Bundle instead of writing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.errors import Forbidden, Invalid, Issue, Unprocessable, UnsupportedMediaType
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import only
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.envelope import Envelope, Hoso, read_envelope
from mappings.decision_4750.visit import map_hoso
from mappings.mapping import Refused, Visit
from mappings.quality.facts import NAME as NOTED
from mappings.quality.facts import Quality
from mappings.quality.field_profile import FieldProfile
from mappings.submission import quarantine, visit
from mappings.submission.facility import NAME, refuse_others
from mappings.submission.raw import RawFile
from mappings.terms.identifiers import Systems

_XML = ("application/xml", "text/xml", "application/octet-stream", "")
# From here on reading takes long enough that other requests should not wait for it.
_LARGE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Sending:
    """How files are taken: the systems identifiers are of, and what visits are judged by."""

    systems: Systems
    quality: Quality


Mapped = list[tuple[Hoso, Visit | Refused]]


def operation(systems: Systems, profiles: tuple[FieldProfile, ...] = ()) -> Operation:
    """Give the operation of a server whose identifiers and codes live under `systems`.

    How complete a visit is, is noted for each of the field profiles.
    """
    sending = Sending(systems, Quality(systems.extension(NOTED), profiles))
    return Operation(
        name="submit-document",
        level="system",
        handler=partial(submit_document, sending),
        definition="http://fhir-server.vn/OperationDefinition/submit-document",
        affects_state=True,
        documentation="Takes a hospital's XML envelope (Decision 4750) and stores its visits.",
    )


async def submit_document(
    sending: Sending, context: Context, request: FhirRequest, _: Target
) -> FhirResponse:
    """Store every HOSO that is well made; 200 if one was, 422 if none, 400 for no envelope.

    Raises Forbidden for an envelope of a facility that is not registered to the client.
    """
    context.allow(NAME, None)
    dry_run = _flag(only(request, "dry-run").get("dry-run", "false"))
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _XML:
        raise UnsupportedMediaType("Send the envelope as application/xml, as hospitals emit it.")
    if len(request.body) < _LARGE:
        envelope, mapped = _read(sending.systems, context.caller, request.body)
    else:
        envelope, mapped = await asyncio.to_thread(
            _read, sending.systems, context.caller, request.body
        )
    if dry_run:
        return _dry_run([outcome for _, outcome in mapped])
    profile = sending.systems.profile("vn-document-submission")
    raw = RawFile(request.body, envelope.facility, envelope.created, profile)
    issues: list[Issue] = list(envelope.issues)
    stored = False
    for hoso, outcome in mapped:
        told, kept = await _one(sending, context, raw, hoso, outcome)
        issues += [_inside(hoso.index, issue) for issue in told]
        stored |= kept
    return FhirResponse(200 if stored else 422, respond.outcome_body(issues))


def _read(systems: Systems, caller: Caller, body: bytes) -> tuple[Envelope, Mapped]:
    envelope = read_envelope(body)
    refuse_others(caller, envelope)
    return envelope, [(hoso, map_hoso(envelope, hoso, systems)) for hoso in envelope.hosos]


async def _one(
    sending: Sending, context: Context, raw: RawFile, hoso: Hoso, outcome: Visit | Refused
) -> tuple[Sequence[Issue], bool]:
    """Store one HOSO, or quarantine it; give what to tell, and whether it was stored.

    Where others came between or the database is away, the request fails: sending again is safe.
    """
    if isinstance(outcome, Visit):
        try:
            return await visit.store(context, raw, outcome, sending.quality), True
        except (Forbidden, Invalid, Unprocessable) as failure:
            outcome = Refused(failure.issues)
    await quarantine.keep(context, raw, hoso, outcome.issues, sending.systems)
    kept = f"The file is kept in quarantine as Binary/{raw.sha256}; correct it and send it again."
    return (*outcome.issues, visit.note(kept)), False


def _dry_run(outcomes: Sequence[Visit | Refused]) -> FhirResponse:
    """Answer with one Bundle of all visits, or with what is wrong where anything is."""
    refused = [
        _inside(index, issue)
        for index, outcome in enumerate(outcomes)
        if isinstance(outcome, Refused)
        for issue in outcome.issues
    ]
    if refused:
        return FhirResponse(422, respond.outcome_body(refused))
    bundles = [to_bundle(outcome) for outcome in outcomes if isinstance(outcome, Visit)]
    entries = [entry for one in bundles for entry in one["entry"]]
    return FhirResponse(200, json.dump({**bundles[0], "entry": entries}))


def _inside(index: int, issue: Issue) -> Issue:
    place = f"HOSO[{index}]"
    return replace(issue, expression=f"{place}.{issue.expression}" if issue.expression else place)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise Invalid(f"dry-run is true or false, not {text[:20]!r}.", code="value")
    return text == "true"
