"""Sensitivity labels only grow: no version loses one its resource has, and old versions gain it.

It is judged where every write is committed, as a legal hold is (store/hold). Only a change that
says `lifts_labels` may leave one out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs
from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.search.index import LABELS_FIELD
from fhir_server.search.types.token import entries
from fhir_server.store.documents import ENDS, Change, Document
from fhir_server.store.horizon import Database

Before = Mapping[tuple[str, str], Document]

# The classes of v3-Confidentiality above normal.
CONFIDENTIAL = frozenset({"R", "V"})
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def kept(changes: Iterable[Change], before: Before) -> list[Change]:
    """Give the changes with the labels of what stands there, in `meta.security` and in the index.

    https://hl7.org/fhir/R4/security-labels.html
    """
    return [_kept(change, before.get((change.type, change.id), {})) for change in changes]


def coding(label: str) -> dict[str, str]:
    """Give the Coding that says a label in `meta.security`."""
    return {"system": CONFIDENTIALITY if label in CONFIDENTIAL else ACT_CODE, "code": label}


def _of(fields: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(fields.get(LABELS_FIELD, ()))


def _kept(change: Change, old: Document) -> Change:
    lost = _of(old.get("x", {})) - _of(change.fields)
    if not lost or change.lifts_labels or change.resource is None or change.method in ENDS:
        return change
    codings = [coding(label) for label in sorted(lost)]
    meta = change.resource.get("meta", {})
    security = [*meta.get("security", ()), *codings]
    tokens = entries((one["system"], one["code"]) for one in codings)
    fields = {
        **change.fields,
        LABELS_FIELD: sorted({*_of(change.fields), *lost}),
        "_security": list(dict.fromkeys([*change.fields.get("_security", ()), *tokens])),
    }
    resource = {**change.resource, "meta": {**meta, "security": security}}
    return structs.replace(change, resource=resource, fields=fields)


async def spread(
    database: Database, session: AsyncClientSession, changes: Sequence[Change], before: Before
) -> None:
    """Give the former versions the labels that are new with this one."""
    for change in changes:
        old = before.get((change.type, change.id))
        fresh = _of(change.fields) - _of(old.get("x", {})) if old else None
        if fresh:
            await database[f"{change.type}_history"].update_many(
                {"id": change.id},
                {"$addToSet": {f"x.{LABELS_FIELD}": {"$each": sorted(fresh)}}},
                session=session,
            )
