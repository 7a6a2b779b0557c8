"""The legal hold: while it stands, nothing of a record is deleted or erased, and no write lifts it.

It is judged where every write is committed, so that no road leads around it.
"""

from collections.abc import Iterable, Mapping

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.fhir.errors import Conflict
from fhir_server.store.documents import Change, Document
from fhir_server.store.horizon import Database

SYSTEM, CODE = "http://fhir-server.vn/CodeSystem/legal-hold", "hold"
# As search/types/token writes it.
_TOKEN = f"{SYSTEM}|{CODE}"
_FIELDS = ("_security", "_tag")
_ENDS = ("delete", "purge", "purge-history")


async def judge(
    database: Database,
    session: AsyncClientSession,
    changes: Iterable[Change],
    before: Mapping[tuple[str, str], Document],
) -> None:
    """Raise Conflict (business-rule) for the first change that a hold forbids.

    Forbidden are the end of a resource that carries the hold, or is in the compartment of a
    Patient who does, and a version without the hold of one that carries it, unless `lifts_hold`.
    """
    ends: list[tuple[Change, Document]] = []
    for change in changes:
        old = before.get((change.type, change.id))
        if old is None:
            continue
        if change.method in _ENDS:
            # To delete again what is deleted changes nothing.
            if change.method == "delete" and "deleted" in old:
                continue
            ends.append((change, old.get("x", {})))
        elif _held(old.get("x", {})) and not (change.lifts_hold or _held(change.fields)):
            raise _refused(change, "this version would lift it; $meta-delete does")
    patients = await _patients(database, session, (fields for _, fields in ends))
    for change, fields in ends:
        if _held(fields) or not patients.isdisjoint(fields.get("_patient", ())):
            raise _refused(change, "take it from the resource, or from its Patient, first")


def _held(fields: Mapping[str, object]) -> bool:
    return any(_TOKEN in values for name in _FIELDS if isinstance(values := fields.get(name), list))


async def _patients(
    database: Database, session: AsyncClientSession, ended: Iterable[Document]
) -> set[str]:
    """Give those under a hold among the patients in whose compartments these resources are."""
    ids = sorted({id_ for fields in ended for id_ in fields.get("_patient", ())})
    if not ids:
        return set()
    wanted = {"_id": {"$in": ids}, "$or": [{f"x.{name}": _TOKEN} for name in _FIELDS]}
    rows = await database["Patient"].find(wanted, {"_id": 1}, session=session).to_list()
    return {row["_id"] for row in rows}


def _refused(change: Change, told: str) -> Conflict:
    text = f"A legal hold stands on {change.type}/{change.id}: {told}."
    return Conflict(text, code="business-rule", expression=change.place)
