"""The operation `POST /fhir/$submit-document`: the HOSO is the unit, each one commits or not.

The body is the raw XML envelope of decision 4750; `dry-run=true` answers with the transaction
Bundle instead of writing.
"""

from collections.abc import Sequence
from dataclasses import replace

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Invalid, Issue, Unavailable, UnsupportedMediaType
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import only
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.envelope import Envelope, Hoso, read_envelope
from mappings.decision_4750.visit import Refused, Visit, map_hoso
from mappings.submission import quarantine, visit
from mappings.submission.raw import RawFile

_XML = ("application/xml", "text/xml", "application/octet-stream", "")


async def submit_document(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Store every HOSO that is well made; 200 if one was, 422 if none, 400 for no envelope."""
    dry_run = _flag(only(request, "dry-run").get("dry-run"))
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _XML:
        raise UnsupportedMediaType("Send the envelope as application/xml, as hospitals emit it.")
    context.allow("$submit-document", None)
    envelope = read_envelope(request.body)
    mapped = [(hoso, map_hoso(envelope, hoso)) for hoso in envelope.hosos]
    if dry_run:
        return _dry_run([outcome for _, outcome in mapped])
    raw = RawFile(request.body, envelope.facility, envelope.created)
    issues: list[Issue] = list(envelope.issues)
    stored = 0
    for index, (hoso, outcome) in enumerate(mapped):
        told, kept = await _one(context, raw, envelope, hoso, outcome)
        issues += [_inside(index, issue) for issue in told]
        stored += kept
    return FhirResponse(200 if stored else 422, respond.outcome_body(issues))


async def _one(
    context: Context, raw: RawFile, envelope: Envelope, hoso: Hoso, outcome: Visit | Refused
) -> tuple[Sequence[Issue], bool]:
    if isinstance(outcome, Visit):
        try:
            return await visit.store(context, raw, outcome), True
        except Unavailable:
            raise
        except FhirError as failure:
            outcome = Refused(failure.issues)
    await quarantine.keep(context, raw, hoso.index, outcome.issues)
    kept = Issue(
        "informational",
        f"The file is kept in quarantine as Binary/{raw.sha256}; correct it and send it again.",
        severity="information",
    )
    _ = envelope
    return (*outcome.issues, kept), False


def _dry_run(outcomes: Sequence[Visit | Refused]) -> FhirResponse:
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


def _flag(text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise Invalid(f"dry-run is true or false, not {text[:20]!r}." if text else "dry-run=?")
    return text == "true"


OPERATION = Operation(
    name="submit-document",
    level="system",
    handler=submit_document,
    definition="http://fhir-server.vn/OperationDefinition/submit-document",
    affects_state=True,
)
