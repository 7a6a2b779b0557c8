"""What a caller of the legal base reaches: the holder what is his, an officer what is his body's.

There are no compartments, no consents and no emergencies here: docs/judicial-records.md.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from extensions.judicial_record.names import CODES
from fhir_server.access.caller import Caller, Part, Reach
from fhir_server.access.labels import LABELS
from fhir_server.fhir.errors import Forbidden
from fhir_server.interactions.authority import Asked
from fhir_server.interactions.context import Context
from fhir_server.search.condition import AnyOf, Condition, Everything, both
from fhir_server.search.index import REFERENCES_FIELD
from fhir_server.store.owner import FIELD as OWNER

# What the office reads and writes by itself; the operation has looked at who asks, and for what.
OFFICE: Condition = Everything()
# The first word of the scopes of this base, for people and systems alike.
LEVEL = "legal"
_TABLE = json.loads((Path(__file__).parent / "served.json").read_text("utf-8"))
SERVED: Mapping[str, frozenset[str]] = {
    type_: frozenset(codes) for type_, codes in _TABLE["types"].items()
}
_NARROW: Mapping[str, frozenset[str]] = {
    type_: frozenset(codes) for type_, codes in _TABLE["narrow"].items()
}
_CONTROL = frozenset(_TABLE["control"])
_SEARCH = "search-type"
_DEFINITIONS = ("CodeSystem", "OperationDefinition", "SearchParameter", "StructureDefinition")
_SHARED: Mapping[str, Condition] = {
    type_: Everything() for type_ in ("Organization", "ValueSet", *_DEFINITIONS)
}
_MENTIONS = f"x.{REFERENCES_FIELD}"
FORMS = f"{CODES}/certificate-form"
PAPERS = f"{CODES}/dossier-paper"
# The pages of this server, who ask in this process and by no token.
PAGES = "pages"
# What of a Form 1 a system may hold, for its holder or by itself. Of a Form 2 it gets nothing:
# nobody may ask the holder to hand one over, so no app is where it lies.
_FORM_1: Mapping[str, Condition] = {
    "JudicialRecordCertificate": AnyOf("x.form", ("|form-1",)),
    # A letter of apology says nothing of a record.
    "DocumentReference": AnyOf("x.type", (f"{FORMS}|form-1", f"{PAPERS}|apology-letter")),
    "Binary": AnyOf("x.form", (f"{FORMS}|form-1",)),
}


async def reaching(context: Context, asked: Iterable[Asked]) -> Reach:
    """Give what the caller reaches; Forbidden for a search with other parameters than served.json.

    Told from the request alone, so that no answer depends on what is stored.
    """
    for code, request, target in asked:
        type_ = target.type or ""
        if code == _SEARCH and type_ in SERVED:
            _check(type_, [name for name, _ in request.parameters])
    rows = {**_SHARED, **_rows(context.caller)}
    # Every certificate is restricted; who reaches one at all is told by the rows.
    return Reach({LEVEL: Part(frozenset(), rows)}, cleared=LABELS)


def _check(type_: str, names: list[str]) -> None:
    other = sorted({*names} - SERVED[type_] - _CONTROL)
    if other:
        known = ", ".join(sorted(SERVED[type_] | _CONTROL))
        raise Forbidden(f"{other[0][:64]!r} cannot be asked of {type_} here; known: {known}.")
    narrow = _NARROW.get(type_)
    if narrow and narrow.isdisjoint(names):
        raise Forbidden(f"A search of {type_} names one of: {', '.join(sorted(narrow))}.")


def _rows(caller: Caller) -> Mapping[str, Condition]:
    """Give by type what is the caller's to read; nothing for who is nobody here."""
    kind, _, own = caller.user.partition("/")
    match kind:
        case "Person":
            mine = _of_holder(caller.user, own)
            return mine if caller.client == PAGES and not caller.token else _of_apps(mine)
        case "Practitioner":
            return _of_officer(caller, own)
        case "" if caller.client:
            return _of_apps(_of_client(caller.client))
    return {}


def _of_holder(user: str, own: str) -> Mapping[str, Condition]:
    mine, mentions = AnyOf("x.subject", (user,)), AnyOf(_MENTIONS, (user,))
    return {
        "JudicialRecordCertificate": mine,
        "Task": mine,
        "Person": AnyOf("_id", (own,)),
        "DocumentReference": mentions,
        "Binary": mentions,
    }


def _of_officer(caller: Caller, own: str) -> Mapping[str, Condition]:
    bodies: Any = tuple(f"Organization/{one}" for one in caller.organisations)
    return {
        "JudicialRecordCertificate": AnyOf("x.issuer", bodies),
        "Task": AnyOf("x.owner", bodies),
        "DocumentReference": AnyOf(_MENTIONS, bodies),
        "Practitioner": AnyOf("_id", (own,)),
    }


def _of_apps(rows: Mapping[str, Condition]) -> Mapping[str, Condition]:
    """Give of these rows what an app may read: of certificates those of Form 1."""
    return {type_: both(one, _FORM_1.get(type_, Everything())) for type_, one in rows.items()}


def _of_client(client: str) -> Mapping[str, Condition]:
    """Give an applying system what came of its own applications."""
    own = AnyOf(OWNER, (client,))
    return dict.fromkeys(("JudicialRecordCertificate", "Task", "DocumentReference", "Binary"), own)
