"""The world of the two bases: who has a record and who has none, alike but for it, and canaries.

Each person applies, pays, and gets a certificate over HTTP, as anybody does; on the health base
there is a Patient with the same citizen number. What stands in a canary is of one base alone.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from extensions.judicial_record.dossier import holder
from extensions.judicial_record.office import Office
from extensions.judicial_record.plugin import desk_of, gate_of
from extensions.judicial_record.sources.importing import import_files
from fhir_server.interactions.context import Context
from fhir_server.oauth.server import OAuth
from tests.extensions.judicial_record.people import (
    APPLIES,
    HOLDS,
    OFFICER,
    READS,
    TYPE,
    Asking,
    application,
    receipt,
    token,
)
from tests.extensions.judicial_record.sources.told import JUDGMENT, changed

Json = dict[str, Any]
CLERK, SIGNER, A, B = "clerk-99", "signer-99", "99", "98"
# In what a court said, and nowhere else.
OFFENCE, JUDGED = "QUAXCANARY", "QUAX/2019/HS-ST"
# What the health base knows, and the legal one never may.
HEALTH = "HEALTHCANARY"
BIRTH = "1979-01-17"


@dataclass(frozen=True, slots=True)
class Person:
    """Who gets a certificate: `record` is none, expunged or present; names are equally long."""

    key: str
    name: str
    number: str
    record: str
    form: str = "form-1"
    issuer: str = A


PERSONS = (
    Person("NEVER", "NGUYỄN VĂN THỬ KANARIA", "099079990001", "none"),
    Person("CLEARED", "NGUYỄN VĂN THỬ KANARIB", "099079990002", "expunged"),
    Person("PRESENT", "NGUYỄN VĂN THỬ KANARIC", "099079990003", "present"),
    Person("WHOLE", "NGUYỄN VĂN THỬ KANARID", "099079990004", "expunged", "form-2"),
    Person("OTHER", "NGUYỄN VĂN THỬ KANARIE", "099079990005", "none", issuer=B),
)
# Whose dossier waits for a signature, prepared by the one who may sign.
OPEN = Person("OPEN", "NGUYỄN VĂN THỬ KANARIF", "099079990006", "none")
CANARIES = (
    *(one.name for one in (*PERSONS, OPEN)),
    *(one.number for one in (*PERSONS, OPEN)),
    OFFENCE,
    JUDGED,
)

# So that reach decides, not scopes.
EVERYTHING = tuple(
    f"legal/{one}.rs"
    for one in ("Person", "Organization", "Practitioner", "Provenance", "AuditEvent", "Basic")
)
# What every request of an attack may name, by the person's key: `CERT_NEVER`, `TASK_OTHER`.
WILD = ("system/*.cruds", "user/*.cruds", "patient/*.cruds", "openid", "fhirUser")
NAMED = (f"system/{TYPE}.cruds", f"user/{TYPE}.rs", f"patient/{TYPE}.rs", f"legal/{TYPE}.rs")


@dataclass
class World:
    """Both bases in one process, and what stands in them; `tokens` by `base: who`.

    `words` are what the placeholders of attacks stand for, `nobody` what never was, as long.
    """

    http: httpx2.AsyncClient
    contexts: Mapping[str, Context]
    oauths: Mapping[str, OAuth]
    office: Office
    tokens: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=lambda: {"ORG_A": "issuer-99", "DESK_A": CLERK})
    certificates: dict[str, Json] = field(default_factory=dict)
    tasks: dict[str, Json] = field(default_factory=dict)

    def asking(self, who: str) -> Asking:
        """Give somebody of the legal base, "" for who has no token."""
        return Asking(self.http, self.tokens[f"legal: {who}"] if who else "")

    @property
    def nobody(self) -> dict[str, str]:
        """Give for each placeholder what never was: of the same letters and length."""
        return {name: _other(value) for name, value in self.words.items()}


def _other(value: str) -> str:
    """Give a value of the same shape: each digit another one."""
    return value.translate(str.maketrans("0123456789abcdef", "1234567890bcdefa"))


async def settled(world: World, folder: Path) -> World:
    """Put everybody and everything there."""
    await asyncio.to_thread(_judged, world.office, folder)
    _systems(world)
    for one in PERSONS:
        await _certified(world, one)
    await _prepared(world, OPEN, "signer")
    _holders(world)
    await _patients(world)
    return world


def _judged(office: Office, folder: Path) -> None:
    rows = folder / "rows.ndjson"
    told = []
    for place, one in enumerate(PERSONS):
        if one.record != "none":
            made = {
                "subject.name": one.name,
                "subject.birthDate": BIRTH,
                "subject.identityDocument": [_paper(one)],
                "conviction.judgmentNumber": f"{place}/{JUDGED}",
                "conviction.offence": [{"text": f"{OFFENCE} trộm cắp tài sản"}],
            }
            told.append(json.dumps(changed(JUDGMENT, made)))
    rows.write_text("\n".join(told) + "\n", "utf-8")
    [report] = import_files(office, [rows])
    assert report.outcomes["kept"] == len(told), report.told()


def _paper(one: Person) -> Json:
    system = "http://fhir.hl7.org.vn/legal/CodeSystem/identity-document-type"
    return {"type": {"coding": [{"system": system, "code": "cccd"}]}, "number": one.number}


def _systems(world: World) -> None:
    """Give tokens to who is no holder."""
    legal, health = world.oauths["legal"], world.oauths["health"]
    applies = (*READS, *APPLIES, *EVERYTHING, "legal/$as-basic", "legal/$as-document")
    officer = (
        *OFFICER,
        *EVERYTHING,
        *(f"legal/${one}" for one in ("correct", "propose-correction", "expungement-check")),
        "legal/$log-proof",
        "legal/$as-basic",
        "legal/$as-document",
    )
    made = {
        "legal: app-99": token(legal, applies, client="app-99"),
        "legal: app-98": token(legal, applies, client="app-98"),
        # Scopes of the other base's kinds, as wide as they get.
        "legal: wild": token(legal, WILD, client="wild", organisations=["issuer-99"]),
    }
    for province in (A, B):
        for name in ("clerk", "signer"):
            id_ = f"{name}-{province}"
            told = {"fhir_user": f"Practitioner/{id_}", "organisations": [f"issuer-{province}"]}
            made[f"legal: {id_}"] = token(legal, officer, client="desk", **told)
            reads = (*READS, *EVERYTHING)
            made[f"legal: {id_} who reads"] = token(legal, reads, client="reader", **told)
    for body in ("employer-99", "state-99", "court-99"):
        asks = ("legal/$disclose", *READS, *EVERYTHING)
        told = {"fhir_user": f"Organization/{body}"}
        made[f"legal: {body}"] = token(legal, asks, client="bodies", **told)
    made |= {
        "health: system": token(health, ("system/*.cruds",), client="hospital"),
        "health: system v1": token(health, ("system/*.*",), client="hospital-1"),
        "health: user": token(
            health,
            ("user/*.cruds",),
            client="emr",
            fhir_user=f"Practitioner/{CLERK}",
            organisations=["issuer-99"],
        ),
        "health: named": token(health, (*WILD, *NAMED, "legal/$verify"), client="named"),
    }
    world.tokens.update(made)


async def _prepared(world: World, one: Person, by: str = "clerk") -> Json:
    """Bring a dossier so far that it waits for its signature; give its Task."""
    app, clerk = _applying(world, one), world.asking(f"{by}-{one.issuer}")
    task = await app.do("Task/$submit", *applied(one), status=201)
    at = f"Task/{task['id']}"
    await app.do(f"{at}/$pay", *receipt(task, f"R-{one.number}"))
    await clerk.do(f"{at}/$accept")
    work = await clerk.do(f"{at}/$check-sources")
    if one.record != "none":
        found = [one["valueString"] for one in work["output"] if "valueString" in one]
        own = [{"name": "record", "valueString": id_} for id_ in found]
        ended = [{**row, "name": "expunged"} for row in own if one.record == "expunged"]
        await clerk.do(f"{at}/$propose", *own, *ended)
    world.words |= {
        f"TASK_{one.key}": task["id"],
        f"PERSON_{one.key}": task["for"]["reference"].removeprefix("Person/"),
        f"DOSSIER_{one.key}": task["identifier"][0]["value"],
        f"CITIZEN_{one.key}": one.number,
    }
    return task


def applied(one: Person, **differs: Any) -> list[Json]:
    """Give the rows of a person's application."""
    told: Json = {
        "name": ("valueString", one.name),
        "birth_date": ("valueDate", BIRTH),
        "form": ("valueCode", one.form),
        "issuer": ("valueReference", {"reference": f"Organization/issuer-{one.issuer}"}),
    }
    return application(one.number, **{**told, **differs})


async def _certified(world: World, one: Person) -> None:
    """Take a person through the whole life of a dossier."""
    app = _applying(world, one)
    at = f"Task/{(await _prepared(world, one))['id']}"
    signed = await world.asking(f"signer-{one.issuer}").do(f"{at}/$sign")
    await world.asking(f"clerk-{one.issuer}").do(f"{at}/$deliver")
    [reference] = [
        row["valueReference"]["reference"]
        for row in signed["output"]
        if row["type"]["coding"][0]["code"] == "certificate"
    ]
    # No app reads a Form 2, not even its holder's.
    reader = app if one.form == "form-1" else world.asking(f"clerk-{one.issuer}")
    certificate = await reader.get(reference)
    world.certificates[one.key], world.tasks[one.key] = certificate, await app.get(at)
    world.words |= {
        f"CERT_{one.key}": certificate["id"],
        f"NUMBER_{one.key}": certificate["identifier"][0]["value"],
        f"CODE_{one.key}": certificate["verification"]["code"],
    }


def _applying(world: World, one: Person) -> Asking:
    """Give who sends the application: a system, for Form 2 the holder, signed in."""
    if one.form == "form-1":
        return world.asking(f"app-{one.issuer}")
    desk = desk_of(world.office, gate_of(world.office))
    paper = {"type": {"coding": [{"code": "cccd"}]}, "value": one.number}
    _holder(world, one, f"Person/{holder.person_id(desk, [paper])}")
    return world.asking(one.key)


def _holder(world: World, one: Person, person: str) -> None:
    holds = (*HOLDS, *EVERYTHING, "legal/$log-proof")
    made = token(world.oauths["legal"], holds, client="wallet", fhir_user=person)
    world.tokens[f"legal: {one.key}"] = made


def _holders(world: World) -> None:
    """Give tokens to holders, on both bases."""
    health = world.oauths["health"]
    for one in PERSONS:
        person = f"Person/{world.words[f'PERSON_{one.key}']}"
        _holder(world, one, person)
    told = {"client": "reader", "fhir_user": f"Person/{world.words['PERSON_NEVER']}"}
    reads = (*READS, *EVERYTHING)
    world.tokens["legal: NEVER who reads"] = token(world.oauths["legal"], reads, **told)
    patient = _ids(PERSONS[0])[0]
    for who, user in (
        ("citizen", f"Patient/{patient}"),
        ("citizen as holder", f"Person/{world.words['PERSON_NEVER']}"),
    ):
        told = {"fhir_user": user, "patient": patient}
        made = token(health, ("patient/*.rs",), client="phr", **told)
        world.tokens[f"health: {who}"] = made


async def _patients(world: World) -> None:
    """Put a Patient and an Observation on the health base for each person."""
    headers = {"Authorization": f"Bearer {world.tokens['health: system']}"}
    entries = [row for one in PERSONS for row in _health(one)]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await world.http.post(
        "/fhir", json=bundle, headers={**headers, "Content-Type": "application/fhir+json"}
    )
    assert answer.status_code == 200, answer.text
    for one in PERSONS:
        world.words[f"PATIENT_{one.key}"], world.words[f"SEEN_{one.key}"] = _ids(one)


def _ids(one: Person) -> tuple[str, str]:
    """Give the ids of a person's Patient and Observation, none of which tells the number."""
    return f"patient-{one.key.lower()}-7f3a", f"seen-{one.key.lower()}-7f3a"


def _health(one: Person) -> list[Json]:
    id_, seen = _ids(one)
    system = "http://fhir.hl7.org.vn/core/sid/cccd"
    patient = {
        "resourceType": "Patient",
        "id": id_,
        "identifier": [{"system": system, "value": one.number}],
        "name": [{"text": HEALTH}],
    }
    observation = {
        "resourceType": "Observation",
        "id": seen,
        "status": "final",
        "code": {"text": HEALTH},
        "subject": {"reference": f"Patient/{id_}"},
    }
    return [
        {"resource": body, "request": {"method": "PUT", "url": f"{type_}/{name}"}}
        for body, type_, name in ((patient, "Patient", id_), (observation, "Observation", seen))
    ]
