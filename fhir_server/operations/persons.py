"""The Patients of a merge: read and checked, linked, and taken apart again.

https://hl7.org/fhir/R4/patient.html#links
"""

from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Unprocessable
from fhir_server.fhir.reference import target as target_of
from fhir_server.interactions.context import Context
from fhir_server.store.documents import Stored
from fhir_server.store.transact import Transaction

PATIENT = "Patient"
REPLACED_BY, REPLACES = "replaced-by", "replaces"

Patient = dict[str, Any]


async def locked(transaction: Transaction, identity: str) -> tuple[Stored, Patient]:
    """Give a current Patient, locked against submissions; Unprocessable if there is none."""
    stored = await transaction.read(PATIENT, identity)
    if stored is None:
        raise Unprocessable(f"There is no {PATIENT}/{identity}.", code="not-found")
    await transaction.lock(f"{PATIENT}/{identity}")
    return stored, json.parse_object(stored.body or b"{}")


def merged_into(context: Context, patient: Patient) -> str:
    """Give the reference of the Patient this one was merged into, '' if it was not."""
    found = _links(context, patient, REPLACED_BY)
    return found[0] if found else ""


def replaced(source: Patient, target: str) -> Patient:
    """Give the source as it is after the merge: no longer active, replaced by `target`."""
    return {**source, "active": False, "link": _linked(source, target, REPLACED_BY)}


def survivor(target: Patient, source: str, identifiers: list[Any]) -> Patient:
    """Give the target as it is after the merge: it replaces `source` and has its identifiers."""
    found = {**target, "link": _linked(target, source, REPLACES)}
    if identifiers:
        found["identifier"] = [*target.get("identifier", ()), *identifiers]
    return found


def lacking(target: Patient, source: Patient) -> list[Any]:
    """Give the identifiers the source has and the target lacks."""
    known = {_token(one) for one in target.get("identifier", ())}
    return [one for one in source.get("identifier", ()) if _token(one) not in known]


def restored(context: Context, patient: Patient, before: Patient, other: str) -> Patient:
    """Give a source without the link to `other`, as active as it was before the merge."""
    found = _unlinked(context, patient, other, REPLACED_BY)
    found.pop("active", None)
    return found | {"active": before["active"]} if "active" in before else found


def parted(context: Context, patient: Patient, source: str, identifiers: list[Any]) -> Patient:
    """Give a target without the link to `source` and without the identifiers it got from it."""
    found = _unlinked(context, patient, source, REPLACES)
    got = {_token(one) for one in identifiers}
    kept = [one for one in found.pop("identifier", ()) if _token(one) not in got]
    return found | {"identifier": kept} if kept else found


def _links(context: Context, patient: Patient, kind: str) -> list[str]:
    return [
        target_of(link["other"].get("reference", ""), (context.base_url,))
        for link in patient.get("link", ())
        if link["type"] == kind
    ]


def _linked(patient: Patient, other: str, kind: str) -> list[Any]:
    return [*patient.get("link", ()), {"other": {"reference": other}, "type": kind}]


def _unlinked(context: Context, patient: Patient, other: str, kind: str) -> Patient:
    kept = [
        link
        for link in patient.get("link", ())
        if link["type"] != kind
        or target_of(link["other"].get("reference", ""), (context.base_url,)) != other
    ]
    found = {name: value for name, value in patient.items() if name != "link"}
    return found | {"link": kept} if kept else found


def _token(identifier: dict[str, Any]) -> tuple[str, str]:
    return identifier.get("system", ""), identifier.get("value", "")
