"""From the health base to the legal one: every way to name what is there, in what a client sends.

Each is answered like the same request about a type, a system, an id that never was.
"""

import base64
import json
from collections.abc import Iterator

from tests.extensions.judicial_record.conftest import SITE
from tests.extensions.judicial_record.people import TYPE
from tests.security.attacks import Attack

T = TYPE
LEGAL = "http://fhir.hl7.org.vn/legal"
THERE = f"{SITE}/legal/fhir"
CERT = f"{T}/CERT_NEVER"
# What is written for what never was: of one length, so that answers are of one length.
NEVER = {
    TYPE: f"{TYPE[:-1]}x",
    TYPE.lower(): f"{TYPE.lower()[:-1]}x",
    TYPE.upper(): f"{TYPE.upper()[:-1]}X",
    TYPE[1:]: f"{TYPE[1:-1]}x",
    "hl7.org.vn/legal/": "hl7.org.vn/lagel/",
    "8080/legal/": "8080/lagel/",
    "./legal/": "./lagel/",
    " /legal/": " /lagel/",
    **{f"${one}": f"${one[:-1]}q" for one in ("verify", "disclose", "passcode", "as-basic",
       "as-document", "log-proof", "revoke", "sign", "pay", "accept", "submit", "sla-report")},
}  # fmt: skip


def reading() -> Iterator[Attack]:
    """Read by id, version, history; count; spell it otherwise: D01, D19."""
    for path in (CERT, f"{CERT}/_history", f"{CERT}/_history/1", f"{T}/_history", T, f"{CERT}/*",
                 f"{T}?_id=CERT_NEVER", f"{T}?identifier=NUMBER_NEVER", f"{T}?subject=PERSON_NEVER",
                 f"{T}?_summary=count", f"{T}?_total=accurate&_count=0", f"{T}?_elements=status",
                 f"{T}?_sort=-issued", f"{T}?_list=1", f"{T}?_filter=status eq issued",
                 T.lower(), T.upper(), f"%4A{T[1:]}/CERT_NEVER", f"%254A{T[1:]}/CERT_NEVER",
                 f"{T}%2FCERT_NEVER", f"{T}/CERT_NEVER%00", f"{T}.json"):  # fmt: skip
        yield Attack("D01", "GET", path, "absent")
    yield Attack("D01", "HEAD", CERT, "absent")
    for path in ("Task/TASK_NEVER", "Person/PERSON_NEVER", "Binary/CERT_NEVER",
                 "DocumentReference/CERT_NEVER", "Organization/ORG_A", "Practitioner/DESK_A",
                 "Task/TASK_NEVER/_history", "Person?identifier=CITIZEN_NEVER",
                 "Task?identifier=DOSSIER_NEVER", "Provenance?target=Task/TASK_NEVER",
                 "AuditEvent?entity=Task/TASK_OTHER",
                 f"AuditEvent?entity={T}/CERT_OTHER", f"AuditEvent?entity={THERE}/{T}/CERT_OTHER",
                 "AuditEvent?agent=Person/PERSON_OTHER",
                 f"DocumentReference?related={CERT}"):  # fmt: skip
        yield Attack("D07", "GET", path, "absent")


def reverse() -> Iterator[Attack]:
    """Ask of what is here by what refers to it there: D.2 group 1."""
    for base, way in (("Patient", "subject"), ("Person", "subject"), ("Organization", "issuer"),
                      ("Task", "request"), ("Practitioner", "subject")):  # fmt: skip
        for name in (f"_has:{T}:{way}:status", f"_has:{T}:{way}:_id", f"_has%3A{T}%3A{way}%3Aform",
                     f"_has%253A{T}%253A{way}%253Aform", f"_has:{T.lower()}:{way}:status",
                     f"_has:Observation:subject:_has:{T}:{way}:status",
                     f"_has:{T}:{way}:_has:Task:focus:status"):  # fmt: skip
            yield Attack("1", "GET", f"{base}?{name}=issued", "absent")


def chains() -> Iterator[Attack]:
    """Go along references from here to there: D.2 group 2."""
    for path in (f"Task?focus:{T}.status=issued", "Task?subject:Person._id=PERSON_NEVER",
                 "Observation?subject:Person.identifier=CITIZEN_NEVER",
                 f"DocumentReference?related:{T}.status=issued", f"List?item:{T}.form=form-1",
                 f"Provenance?target:{T}.form=form-1", f"AuditEvent?entity:{T}._id=CERT_NEVER",
                 "Basic?subject:Person._id=PERSON_NEVER", f"Composition?entry:{T}.status=issued",
                 f"Task?focus={THERE}/{CERT}", f"Basic?subject={THERE}/Person/PERSON_NEVER",
                 f"Task?focus.{T}.status=issued"):  # fmt: skip
        yield Attack("2", "GET", path, "absent")


def includes() -> Iterator[Attack]:
    """Bring along what is there: D.2 groups 3 and 4."""
    for query in (f"_revinclude={T}:subject", f"_revinclude={T}:*", f"_include={T}:*",
                  f"_include:iterate={T}:issuer", f"_revinclude:iterate={T}:subject",
                  f"_include:recurse={T}:subject", f"_include=Patient:link:{T}"):  # fmt: skip
        for type_ in ("Patient", "Task", "Person"):
            yield Attack("3", "GET", f"{type_}?{query}", "absent")
    patient = "Patient/PATIENT_NEVER"
    for path in (f"{patient}/{T}", f"{patient}/*?_type={T}", f"{patient}/$everything?_type={T}",
                 f"Person/PERSON_NEVER/{T}", f"Practitioner/DESK_A/{T}",
                 f"Encounter/CERT_NEVER/{T}"):  # fmt: skip
        yield Attack("4", "GET", path, "absent")


def feeds() -> Iterator[Attack]:
    """Ask for everything at once: exports, histories, searches across types: D06, groups 5, 6."""
    for path in ("$export", "Patient/$export", "Group/1/$export"):
        for types in (T, f"Patient,{T}", T.lower(), f"%4A{T[1:]}", f"{T},"):
            yield Attack("D06", "GET", f"{path}?_type={types}", "absent",
                         headers=(("prefer", "respond-async"),))  # fmt: skip
    for path in (f"?_type={T}", f"?_type=Basic,{T}&_id=CERT_NEVER", "_history?_type=" + T,
                 "_history?_count=1&_since=2099-01-01T00:00:00Z",
                 "?_type=Task&_id=TASK_NEVER"):  # fmt: skip
        yield Attack("6", "GET", path, "absent")


def operating() -> Iterator[Attack]:
    """Call the operations of there, and those of here about there: group 11."""
    for name in ("verify", "disclose"):
        yield Attack("11", "POST", f"{T}/${name}", "absent", {"resourceType": "Parameters"})
    for name in ("passcode", "as-basic", "as-document", "log-proof", "revoke"):
        yield Attack("11", "POST", f"{CERT}/${name}", "absent", {"resourceType": "Parameters"})
    for name in ("sign", "pay", "accept"):
        yield Attack("11", "POST", f"Task/TASK_OPEN/${name}", "absent")
    yield Attack("11", "POST", "Task/$submit", "absent", {"resourceType": "Parameters"})
    for path in ("$sla-report", f"$graphql?query={{{T}(id:1){{id}}}}", f"{CERT}/$meta",
                 f"{T}/$meta", f"{CERT}/$diff", f"{CERT}/$validate", f"{CERT}/$everything",
                 f"StructureDefinition?url={LEGAL}/StructureDefinition/{T}",
                 f"StructureDefinition/$snapshot?url={LEGAL}/StructureDefinition/{T}",
                 f"StructureDefinition/{T}", f"SearchParameter?base={T}",
                 f"OperationDefinition?url={LEGAL}/OperationDefinition/certificate-verify",
                 f"CodeSystem?url={LEGAL}/CodeSystem/dossier-state",
                 f"CodeSystem/$lookup?system={LEGAL}/CodeSystem/dossier-state&code=6",
                 f"ValueSet/$expand?url={LEGAL}/ValueSet/certificate-form",
                 f"ValueSet/$validate-code?url={LEGAL}/ValueSet/certificate-form&code=form-1",
                 f"NamingSystem?value={LEGAL}/sid/certificate-number"):  # fmt: skip
        yield Attack("11", "GET", path, "absent")
    body = {"resourceType": T, "id": "CERT_NEVER", "status": "issued"}
    for path in (f"{T}/$validate", f"{CERT}/$validate", "Basic/$validate", "Patient/$validate"):
        yield Attack("11", "POST", path, "absent", body)
    profile = f"{LEGAL}/StructureDefinition/certificate-as-basic"
    yield Attack("11", "POST", f"Basic/$validate?profile={profile}", "absent", basic())


def basic(**more: object) -> dict:
    return {"resourceType": "Basic", "code": {"text": "x"}, **more}


def smuggling() -> Iterator[Attack]:
    """Write it here, whole or as a part of what may be written: D02, groups 7 to 10."""
    body = {"resourceType": T, "id": "CERT_NEVER", "status": "issued", "form": "form-2"}
    yield Attack("D02", "POST", T, "absent", body)
    yield Attack("D02", "POST", T, "absent", body, headers=(("if-none-exist", "_id=CERT_NEVER"),))
    yield Attack("D02", "PUT", CERT, "absent", body)
    yield Attack("7", "PUT", f"{T}?_id=CERT_NEVER", "absent", body)
    yield Attack("7", "DELETE", f"{T}?subject=Person/PERSON_NEVER", "absent")
    yield Attack("7", "DELETE", CERT, "absent")
    yield Attack("7", "PATCH", CERT, "absent", [{"op": "remove", "path": "/status"}])
    yield Attack("9", "POST", "Basic", "absent", basic(contained=[body]))
    yield Attack("8", "POST", "Basic", "absent", {**basic(), "code": {"coding": [
        {"system": f"{LEGAL}/CodeSystem/certificate-form", "code": "form-1"}]}})  # fmt: skip
    yield Attack("8", "POST", "Basic", "absent", basic(meta={"profile": [
        f"{LEGAL}/StructureDefinition/certificate-as-basic"]}))  # fmt: skip
    for one in (CERT, f"{THERE}/{CERT}", f"../legal/fhir/{CERT}", f"{THERE}/Person/PERSON_NEVER"):
        yield from referring(one)
    data = base64.b64encode(json.dumps(body).encode()).decode()
    told = {"resourceType": "Binary", "contentType": "application/fhir+json", "data": data}
    yield Attack("9", "POST", "Binary", "absent", told)
    yield Attack("10", "POST", "Subscription", "absent", {
        "resourceType": "Subscription", "status": "requested", "reason": "x",
        "criteria": f"{T}?status=issued",
        "channel": {"type": "rest-hook", "endpoint": "https://192.0.2.1/"}})  # fmt: skip
    yield Attack("9", "POST", "Bundle", "absent", {
        "resourceType": "Bundle", "type": "collection", "entry": [{"resource": body}]})  # fmt: skip


def referring(to: str) -> Iterator[Attack]:
    """Refer there in each place that takes a reference to anything."""
    one, item = {"reference": to}, {"item": {"reference": to}}
    given = ({"linkId": "1", "answer": [{"valueReference": one}]},)
    url = {"contentType": "application/pdf", "url": to}
    for body in (
        basic(subject=one),
        basic(extension=[{"url": "http://example.org/x", "valueReference": one}]),
        {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": url}],
         "context": {"related": [one]}},
        {"resourceType": "List", "status": "current", "mode": "working", "entry": [item]},
        {"resourceType": "Task", "status": "draft", "intent": "order", "focus": one},
        {"resourceType": "QuestionnaireResponse", "status": "completed", "item": list(given)},
        {"resourceType": "Provenance", "target": [one], "recorded": "2026-01-01T00:00:00Z",
         "agent": [{"who": {"display": "x"}}]},
        {"resourceType": "Binary", "contentType": "text/plain", "data": "eA==",
         "securityContext": one},
    ):  # fmt: skip
        yield Attack("9", "POST", str(body["resourceType"]), "absent", body)


def addressing() -> Iterator[Attack]:
    """Name the other base inside a Bundle: group 7."""
    for url in (f"{THERE}/{CERT}", f"/legal/fhir/{CERT}", f"../legal/fhir/{CERT}",
                f"../../legal/fhir/{CERT}", f"{THERE}/{T}/_search?_id=CERT_NEVER"):  # fmt: skip
        for form in ("batch", "transaction"):
            yield Attack("7", "GET", url, "absent", form=form)
            yield Attack("7", "DELETE", url, "absent", form=form)


# Each: what makes the attacks, in every form or as they are.
CLASSES = {
    "by id": (reading, True),
    "_has": (reverse, True),
    "chains": (chains, True),
    "includes, compartments": (includes, True),
    "exports, histories": (feeds, True),
    "operations": (operating, False),
    "smuggling": (smuggling, True),
    "addresses in Bundles": (addressing, False),
}
