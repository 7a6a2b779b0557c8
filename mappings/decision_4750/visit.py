"""One HOSO → one visit's drafts, or the reasons it is refused. Pure: nothing is read or stored."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from fhir_server.fhir.errors import Issue
from mappings.decision_4750.consistency import contradictions
from mappings.decision_4750.envelope import ROOT, Envelope, Hoso, read_envelope
from mappings.decision_4750.patient import patient
from mappings.decision_4750.people import organizations, practitioners
from mappings.decision_4750.profiles import claimed, claimed_patient
from mappings.decision_4750.rows import MAX_ROWS, Row, read_rows
from mappings.decision_4750.scene import Scene
from mappings.decision_4750.tables import MAPPED, SHAPES
from mappings.decision_4750.xml01 import visit
from mappings.decision_4750.xml02 import medicines
from mappings.decision_4750.xml03 import services
from mappings.decision_4750.xml04 import results
from mappings.decision_4750.xml05 import course
from mappings.decision_4750.xml07 import discharge_paper
from mappings.decision_4750.xml08 import record_summary
from mappings.decision_4750.xml13 import referral
from mappings.decision_4750.xml14 import follow_ups
from mappings.mapping import (
    Draft,
    Mapping,
    PatientDraft,
    Refused,
    Strength,
    Visit,
    draft_id,
    draft_url,
    party_id,
)
from mappings.terms import dates
from mappings.terms.identifiers import HL7_VIETNAM, Systems

__all__ = [
    "Draft",
    "PatientDraft",
    "Refused",
    "Strength",
    "Visit",
    "draft_id",
    "draft_url",
    "map_hoso",
    "party_id",
]

MAX_ISSUES = 100
TABLES = (
    visit,
    medicines,
    services,
    results,
    course,
    discharge_paper,
    record_summary,
    referral,
    follow_ups,
)


def map_hoso(envelope: Envelope, hoso: Hoso, systems: Systems = HL7_VIETNAM) -> Visit | Refused:
    """Map one HOSO of an envelope; the HOSO is the unit: any error refuses it whole."""
    tables, issues = _read(hoso, envelope.created)
    if not _broken(issues):
        issues += contradictions(envelope.facility, envelope.created, hoso.ma_lk, tables)
    told = _bounded(issues)
    if _broken(told):
        return Refused(told)
    scene = Scene(envelope.facility, hoso.ma_lk, envelope.created, systems, tables)
    return Visit(
        facility=envelope.facility,
        ma_lk=hoso.ma_lk,
        created=envelope.created,
        start=_microseconds(scene.summary["NGAY_VAO"]),
        patient=claimed_patient(patient(scene), systems),
        practitioners=claimed(practitioners(scene), systems),
        organizations=claimed(organizations(scene), systems),
        drafts=tuple(draft for table in TABLES for draft in claimed(table(scene), systems)),
        not_mapped=tuple(kind for kind in tables if kind not in MAPPED),
        issues=told,
    )


def read(body: bytes) -> list[Visit | Refused]:
    """Map every HOSO of an envelope's bytes; Invalid when they are no envelope."""
    envelope = read_envelope(body)
    return [map_hoso(envelope, hoso) for hoso in envelope.hosos]


MAPPING = Mapping("decision-4750", ROOT, read)


def _read(hoso: Hoso, day: str) -> tuple[dict[str, list[Row]], list[Issue]]:
    issues = list(hoso.issues)
    tables: dict[str, list[Row]] = {}
    for kind, element in hoso.files:
        if kind in tables:
            told = f"{kind} stands twice in the HOSO; send each table once."
            issues.append(Issue("structure", told, kind))
            continue
        tables[kind], found = read_rows(kind, element, day)
        issues += found
    if sum(map(len, tables.values())) > MAX_ROWS:
        told = f"The HOSO has more than {MAX_ROWS} rows; split the visit."
        issues.append(Issue("too-costly", told))
    return {kind: tables[kind] for kind in SHAPES if kind in tables}, issues


def _microseconds(text: str) -> int:
    moment = datetime.fromisoformat(dates.moment(text))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dates.VIETNAM)
    return int(moment.timestamp()) * 1_000_000


def _broken(issues: Iterable[Issue]) -> bool:
    return any(issue.severity in {"error", "fatal"} for issue in issues)


def _bounded(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """Give the errors first, at most MAX_ISSUES of all."""
    ordered = sorted(issues, key=lambda issue: issue.severity == "warning")
    if len(ordered) <= MAX_ISSUES:
        return tuple(ordered)
    left = f"{len(ordered) - MAX_ISSUES} more issues are not told; correct these first."
    return (*ordered[:MAX_ISSUES], Issue("incomplete", left, severity="warning"))
