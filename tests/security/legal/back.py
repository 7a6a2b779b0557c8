"""From the legal base to the health one, the same ways."""

from collections.abc import Iterator

from tests.extensions.judicial_record.conftest import SITE
from tests.extensions.judicial_record.people import TYPE
from tests.security.attacks import Attack

TYPES = ("Patient", "Observation", "Encounter", "Condition", "Consent", "RelatedPerson", "Coverage")
PATIENT, THERE = "Patient/PATIENT_NEVER", f"{SITE}/fhir"
NEVER = {
    **{one: f"{one[:-1]}x" for one in TYPES},
    **{one.lower(): f"{one.lower()[:-1]}x" for one in TYPES},
    **{f"${one}": f"${one[:-1]}q" for one in ("everything", "export", "merge", "break-glass",
       "access-log", "purge", "lastn", "submit-document")},
    "8080/fhir": "8080/fhix",
    "sid/cccd": "sid/cccx",
}  # fmt: skip


def reading() -> Iterator[Attack]:
    """Read what is of health by id, version, history, search: D04."""
    for type_ in TYPES:
        id_ = "SEEN_NEVER" if type_ == "Observation" else "PATIENT_NEVER"
        for path in (f"{type_}/{id_}", f"{type_}/{id_}/_history", f"{type_}/{id_}/_history/1",
                     type_, f"{type_}?_id={id_}", f"{type_}?_summary=count",
                     type_.lower()):  # fmt: skip
            yield Attack("D04", "GET", path, "absent")
    yield Attack("D04", "GET", "Patient?identifier=CITIZEN_NEVER", "absent")
    for path in ("Person/PATIENT_NEVER", "Task/SEEN_NEVER", "Binary/SEEN_NEVER",
                 "DocumentReference/PATIENT_NEVER"):  # fmt: skip
        yield Attack("D04", "GET", path, "absent")


def graph() -> Iterator[Attack]:
    """Go along references, and gather: groups 1 to 6, 11."""
    for type_, query in (
        ("Person", "_id=PERSON_NEVER&_has:Patient:link:name=x"),
        ("Person", "link:Patient.name=x"), ("Person", "_id=PERSON_NEVER&_include=Person:patient"),
        ("Person", "_id=PERSON_NEVER&_revinclude=Patient:link"),
        ("Task", "_id=TASK_NEVER&_include=Task:patient:Patient"), ("Task", "patient=PATIENT_NEVER"),
        ("Task", "subject:Patient.name=x"), ("Task", "subject=Patient/PATIENT_NEVER"),
        ("DocumentReference", "patient=PATIENT_NEVER"),
        ("DocumentReference", "related=Patient/PATIENT_NEVER"),
        (TYPE, "subject=Patient/PATIENT_NEVER"), (TYPE, f"subject={THERE}/{PATIENT}"),
        (TYPE, "subject:Patient.name=x"), (TYPE, "subject=Person/PERSON_NEVER&_include=*"),
        ("AuditEvent", "entity=Patient/PATIENT_NEVER"),
        ("Provenance", "target=Patient/PATIENT_NEVER"),
    ):  # fmt: skip
        yield Attack("1", "POST", f"{type_}/_search?{query}", "absent", form="search")
        yield Attack("1", "GET", f"{type_}?{query}", "absent")
    for path in (f"{PATIENT}/$everything", f"{PATIENT}/Observation", f"{PATIENT}/*", "$export",
                 "Patient/$export", "_history", "Patient/_history", "?_type=Patient",
                 f"{PATIENT}/$access-log", "$graphql?query={Patient(id:1){id}}", "Patient/$lastn",
                 "Observation/$lastn", f"Person/PERSON_NEVER/{PATIENT}", "$meta"):  # fmt: skip
        yield Attack("4", "GET", path, "absent")


def writing() -> Iterator[Attack]:
    """Write, change, end; by a batch too: D04, D14, group 7."""
    body = {"resourceType": "Patient", "id": "PATIENT_NEVER", "name": [{"text": "x"}]}
    yield Attack("D04", "POST", "Patient", "absent", body)
    yield Attack("D04", "PUT", PATIENT, "absent", body)
    yield Attack("D04", "DELETE", PATIENT, "absent")
    yield Attack("D04", "DELETE", "Patient?identifier=CITIZEN_NEVER", "absent")
    yield Attack("D04", "PATCH", PATIENT, "absent", [{"op": "remove", "path": "/name"}])
    for name in ("break-glass", "merge", "purge"):
        told = {"resourceType": "Parameters"}
        yield Attack("D14", "POST", f"{PATIENT}/${name}", "absent", told)
        yield Attack("D14", "POST", f"Patient/${name}", "absent", told)
    yield Attack("D04", "POST", "$submit-document", "absent", {"resourceType": "Parameters"})


CLASSES = {
    "by id": (reading, True),
    "graph": (graph, True),
    "writes": (writing, True),
}
