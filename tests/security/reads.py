"""Attacks that read: by id, by version, by search, by compartment, by operation."""

from base64 import b64encode
from collections.abc import Iterator

from tests.security.attacks import Attack
from tests.security.world import (
    OF,
    SECRET,
    A,
    B,
    Planted,
    attachment,
    compartment,
    of,
    to_patients,
)

WAYS = ("{code}=Patient/{id}", "{code}={base}/Patient/{id}", "{code}:Patient={id}",
        "{code}:Patient.identifier=http://example.org/citizen|099-{id}",
        "{code}:identifier=http://example.org/citizen|099-{id}")  # fmt: skip
BASE = "http://test.invalid/fhir"


def theirs() -> list[Planted]:
    """Give everything that is B's."""
    return list(of(B))


def instances() -> Iterator[Attack]:
    """Ask for each of B's resources by its id, and for what it once was: R01, R02, R04, R16."""
    for one in theirs():
        name = f"{one.type}/{one.id}"
        for path in (name, f"{name}/_history", f"{name}/_history/1", f"{name}?_summary=count",
                     f"{name}?_elements=id"):  # fmt: skip
            yield Attack("R02", "GET", path, "absent")
        yield Attack("R16", "HEAD", name, "absent")
        yield Attack("O09", "GET", name, "absent", headers=(("if-none-match", 'W/"1"'),))


def searches() -> Iterator[Attack]:
    """Search for each of B's resources in each way to name B, or the resource: R06, R11, R14."""
    for type_, ids in by_type().items():
        asked = [f"_id={id_}" for id_ in ids] + [f"_tag={OF}|{B}", f"_tag:not={OF}|pat-a"]
        for code in to_patients(type_):
            asked += [way.format(code=code, id=B, base=BASE) for way in WAYS]
            asked.append(f"{code}:missing=true")
        for query in asked:
            safe = "ours" if "missing" in query or "not" in query else "empty"
            yield Attack("R06", "GET", f"{type_}?{query}", safe)
        yield Attack("O06", "GET", f"{type_}?_summary=count&_tag={OF}|{B}", "empty")
        yield Attack("O06", "GET", f"{type_}?_total=accurate&_count=0&_tag={OF}|{B}", "empty")
        yield Attack("R04", "GET", f"{type_}/_history?_count=1000", "ours")
        yield Attack("O07", "GET", f"{type_}?_sort=_lastUpdated&_count=1000", "ours")


def compartments() -> Iterator[Attack]:
    """Ask for B's compartment, type by type and whole: R09."""
    for type_ in compartment():
        yield Attack("R09", "GET", f"Patient/{B}/{type_}", "absent")
    yield Attack("R09", "GET", f"Patient/{B}/*", "absent")


def whole() -> Iterator[Attack]:
    """Ask across types: R12."""
    for path in ("?_type=Observation,Patient&_count=1000", "?_id=" + B, "_history?_count=1000",
                 f"?_tag={OF}|{B}", f"?_type=Observation&subject=Patient/{B}"):  # fmt: skip
        yield Attack("R12", "GET", path, "ours")


def operations() -> Iterator[Attack]:
    """Call what reads about B: I11, I12, R17."""
    for path in ("$everything", "$everything?_type=Observation", "$everything?_since=2020-01-01",
                 "$meta", "$access-log"):  # fmt: skip
        yield Attack("I11", "GET", f"Patient/{B}/{path}", "absent")
    for one in theirs():
        yield Attack("O16", "GET", f"{one.type}/{one.id}/$validate", "absent")
    for path in (f"Observation/$lastn?subject=Patient/{B}", f"Observation/$lastn?patient={B}"):
        yield Attack("I12", "GET", path, "ours")
    composition = next(one for one in theirs() if one.type == "Composition")
    yield Attack("I12", "GET", f"Composition/{composition.id}/$document", "absent")


def attachments() -> Iterator[Attack]:
    """Ask for B's file, and through documents of A's that name it: F01, F02, F04."""
    file = f"Binary/{attachment(B).id}"
    for accept in ("text/plain", "*/*", "application/fhir+json", "application/fhir+xml"):
        for more in ((), (("range", "bytes=0-3"),), (("range", f"bytes=0-1{',0-1' * 5000}"),)):
            yield Attack("F01", "GET", file, "absent", headers=(("accept", accept), *more))
        yield Attack("F01", "HEAD", file, "absent", headers=(("accept", accept),))
    for path in (f"{file}/_history", f"{file}/_history/1", f"Binary?_id={attachment(B).id}"):
        yield Attack("F01", "GET", path, "absent")
    base64 = b64encode(SECRET.encode()).decode()
    assert SECRET not in base64
    for url in (file, f"{BASE}/{file}", f"{file}/_history/1"):
        told = {"resourceType": "DocumentReference", "status": "current",
                "subject": {"reference": f"Patient/{A}"},
                "content": [{"attachment": {"url": url}}]}  # fmt: skip
        yield Attack("F01", "POST", "DocumentReference/$validate", "ours", told)
        context = {"reference": f"Patient/{A}"}
        taken = {"resourceType": "Binary", "id": attachment(B).id, "contentType": "text/plain",
                 "data": "AAAA", "securityContext": context}  # fmt: skip
        yield Attack("F01", "PUT", file, "absent", taken)


def by_type() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in theirs():
        found.setdefault(one.type, []).append(one.id)
    return found


CLASSES = {
    "by id": instances,
    "search": searches,
    "compartment": compartments,
    "across types": whole,
    "operations": operations,
    "attachments": attachments,
}
