"""Inside the legal base: what one holder, one province has, before the eyes of another."""

from collections.abc import Iterator

from tests.extensions.judicial_record.conftest import SITE
from tests.extensions.judicial_record.people import TYPE
from tests.security.attacks import Attack

T, CERT, TASK = TYPE, f"{TYPE}/CERT_NEVER", "Task/TASK_NEVER"
THERE = f"{SITE}/legal/fhir"
NOTHING = {"resourceType": "Parameters"}


def reading() -> Iterator[Attack]:
    """Read by id, version, history, address, other case: group 15."""
    for one in (CERT, TASK, "Person/PERSON_NEVER", "DocumentReference/CERT_NEVER",
                "Binary/CERT_NEVER"):  # fmt: skip
        for path in (one, f"{one}/_history", f"{one}/_history/1", f"{one.upper()}", f"{one}/",
                     f"{one}?_format=xml", f"{one}/../CERT_NEVER"):  # fmt: skip
            yield Attack("15", "GET", path, "absent")
    yield Attack("15", "GET", f"{CERT}", "absent", headers=(("if-none-match", 'W/"1"'),))
    yield Attack("15", "GET", f"http:%2F%2F127.0.0.1:8080%2Flegal%2Ffhir%2F{CERT}", "absent")


def searching() -> Iterator[Attack]:
    """Ask by each name it has, and count: groups 12, 15, D19."""
    asked = [
        f"{T}/_search?{name}"
        for name in (
            "_id=CERT_NEVER", "identifier=NUMBER_NEVER", "identifier=DOSSIER_NEVER",
            "subject=Person/PERSON_NEVER", "subject=PERSON_NEVER", "request=Task/TASK_NEVER",
            f"subject={THERE}/Person/PERSON_NEVER", f"request={THERE}/{TASK}",
            "identifier=http://fhir.hl7.org.vn/legal/sid/certificate-number|NUMBER_NEVER",
        )
    ]  # fmt: skip
    asked += [
        f"Task/_search?{name}"
        for name in ("_id=TASK_NEVER", "identifier=DOSSIER_NEVER", "subject=Person/PERSON_NEVER")
    ]
    asked += ["Person/_search?_id=PERSON_NEVER", "DocumentReference/_search?_id=CERT_NEVER",
              "Provenance/_search?target=Task/TASK_NEVER", "Binary/_search?_id=CERT_NEVER",
              "AuditEvent/_search?entity=Task/TASK_NEVER"]  # fmt: skip
    for path in asked:
        yield Attack("15", "POST", path, "absent", form="search")
    for more in ("_summary=count", "_total=accurate", "_elements=id", "_sort=status", "_count=0",
                 "_filter=status eq issued", "_has:Task:focus:status=completed", "_include=*",
                 "_revinclude=*", "_list=1", "convictionStatus=none", "name=x",
                 "subject:Person.name=x", "_text=x", "_content=x"):  # fmt: skip
        path = f"{T}/_search?subject=Person/PERSON_NEVER&{more}"
        yield Attack("12", "POST", path, "absent", form="search")


def operating() -> Iterator[Attack]:
    """Call what the holder may: groups 15, 36."""
    given = dict.fromkeys(("as-basic", "as-document", "log-proof"), NOTHING)
    given["passcode"] = {**NOTHING, "parameter": [{"name": "purpose", "valueCode": "licence"}]}
    for name, body in given.items():
        yield Attack("15", "POST", f"{CERT}/${name}", "absent", body)
    paid = [
        {"name": "receipt-number", "valueString": "R-1"},
        {"name": "receipt-unit", "valueString": "Kho bạc thử nghiệm"},
        {"name": "receipt-account", "valueString": "099.1"},
        {"name": "amount", "valueMoney": {"value": 200000, "currency": "VND"}},
    ]
    for name, rows in (("pay", paid), ("withdraw", []), ("supplement", [])):
        told = {**NOTHING, "parameter": rows} if rows else NOTHING
        yield Attack("15", "POST", f"Task/TASK_OPEN/${name}", "absent", told)


def deciding() -> Iterator[Attack]:
    """Do what an officer of the other province does: group 37."""
    for name in ("accept", "refuse", "request-supplement", "check-sources", "propose", "sign",
                 "deliver", "stop", "expungement-check"):  # fmt: skip
        for task in ("TASK_OPEN", "TASK_NEVER", "work-TASK_OPEN"):
            yield Attack("37", "POST", f"Task/{task}/${name}", "absent", NOTHING)
    reason = {"name": "reason", "valueString": "x"}
    for kind in ("recall", "annul"):
        decided = [{"name": "kind", "valueCode": kind}, reason,
                   {"name": "decisionNumber", "valueString": "1"},
                   {"name": "decisionDate", "valueDate": "2026-11-28"}]  # fmt: skip
        told = {**NOTHING, "parameter": decided}
        yield Attack("37", "POST", f"{CERT}/$revoke", "absent", told)
    for name in ("correct", "propose-correction"):
        yield Attack("37", "POST", f"{CERT}/${name}", "absent", NOTHING)


def operators() -> Iterator[Attack]:
    """Send what the database would take for an operator: group 27."""
    for type_ in (T, "Task", "Person"):
        for name in ("_id[$ne]=x", "_id[$gt]=", "_id[$regex]=.*", "_id={%22$gt%22:%22%22}",
                     "identifier[$ne]=x", "identifier={%22$ne%22:null}", "subject[$exists]=true",
                     "$where=1", "x.subject=Person/PERSON_NEVER", "_id=*", "_id=.*",
                     "subject=Person/PERSON_NEVER%00", "_id=CERT_NEVER,TASK_NEVER"):  # fmt: skip
            yield Attack("27", "POST", f"{type_}/_search?{name}", "absent", form="search")


CLASSES = {
    "by id": (reading, False),
    "search": (searching, False),
    "operations": (operating, False),
    "decisions": (deciding, False),
    "operators": (operators, False),
}
