"""A legal base with certificates of both forms, registered organisations, and a gate over it."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs

from extensions.judicial_record.office import Body, Issuer, Office, Officer
from extensions.judicial_record.reaching import reaching
from extensions.judicial_record.verifying import disclose, lookup, passcode, verify
from extensions.judicial_record.verifying.attempts import clearing, counting
from extensions.judicial_record.verifying.gate import KINDS, TYPE, Gate, certificate_of, noting
from fhir_server.access.caller import Caller
from fhir_server.base import Base
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import table
from fhir_server.interactions.context import Context, Origin
from fhir_server.interactions.current import Current
from fhir_server.interactions.dispatch import dispatch
from fhir_server.interactions.write import change
from fhir_server.main.legal import PUBLIC_CALLER, definitions
from fhir_server.oauth import passwords
from fhir_server.search.condition import Everything
from fhir_server.store.encryption import Encryption
from fhir_server.store.key_file import renewed
from fhir_server.store.records import Records
from tests.client import ZONE, fresh
from tests.extensions.judicial_record.certificates import LEGAL, certificate, coded, form_2

# Half past ten in Viet Nam on 18 May 2033, in µs: the database deletes what ended by its own clock.
NOW = 2_000_000_000_000_000
KEYS = renewed(None, "first")
CODES = {"c1": "A" * 22, "c2": "B" * 22, "gone": "C" * 22}
FIELDS = {
    "dossier": "H99.1-261128-0001",
    "name": "NGUYỄN VĂN THỬ",
    "birthDate": "1990-02-03",
    "gender": "male",
    "identity": "099090000001",
}
DOSSIER = {
    "type": coded("certificate-identifier-type", "dossier-code"),
    "system": f"{LEGAL}/sid/dossier-code",
    "value": FIELDS["dossier"],
}
ORGANISATIONS = {"employer": "organisation", "ministry": "state-body", "court": "proceedings-body"}

SIGNERS = (Officer("o2", "LÃNH ĐẠO THỬ", "Phó Giám đốc", signs=True),)


@dataclass
class Clock:
    """A clock that goes when it is told."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass(repr=False)
class Legal:
    """The base, asked as one caller or another, from one address or another."""

    context: Context
    base: Base
    gate: Gate
    clock: Clock
    records: Records
    told: dict[str, Any] = field(default_factory=dict)

    async def asked(self, path: str, user: str = "", peer: str = "192.0.2.1", **given: str):
        """Give (status, body) of an operation asked for with these inputs."""
        caller = Caller("a caller", unrestricted=True, user=user)
        context = self.context.but(caller=caller, origin=Origin(peer=peer))
        values = [{"name": name, value_of(name): value} for name, value in given.items()]
        body = json.dump({"resourceType": "Parameters", "parameter": values})
        request = FhirRequest("POST", f"{TYPE}/{path}", body=body)
        try:
            answer = await dispatch(self.base.routes, context, request)
        except FhirError as error:
            return error.status, str(error)
        return answer.status, answer.body

    async def verified(self, code: str = CODES["c1"], peer: str = "192.0.2.1", **other: str):
        return await self.asked("$verify", peer=peer, code=code, **{**FIELDS, **other})

    async def passcode(self, id_: str = "c1", purpose: str = "employment") -> str:
        status, body = await self.asked(f"{id_}/$passcode", "Person/p1", purpose=purpose)
        assert status == 200, body
        return json.parse_object(body)["parameter"][0]["valueString"]

    async def disclosed(self, passcode: str, user: str = "Organization/employer", **other: str):
        given = {"code": CODES["c1"], "purpose": "employment", "passcode": passcode}
        basis = {"legalBasis": "Nghị định thử nghiệm, Điều 1"}
        return await self.asked("$disclose", user, **{**given, **basis, **other})

    async def certificate(self, id_: str) -> dict[str, Any]:
        found = await certificate_of(self.context, id_)
        assert found
        return found

    async def put(self, resource: dict[str, Any]) -> None:
        type_, id_ = resource["resourceType"], resource["id"]
        made = change(self.context, type_, id_, resource, method="update")
        await self.context.store.commit(Everything(), [structs.replace(made, integrity=False)])


def value_of(name: str) -> str:
    return "valueCode" if name == "purpose" else "valueString"


def parameters(body: bytes) -> dict[str, Any]:
    """Give the values of an answer by name."""
    told = {}
    for one in json.parse_object(body)["parameter"]:
        name = one.pop("name")
        (told[name],) = one.values()
    return told


def blind(kind: str, value: str) -> str:
    return hmac.new(b"a key", f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()


def rule(kind, on, *, form, by):
    """Say what the law of 2026 says of access."""
    assert kind == "access"
    if form == "form-2":
        value = "allowed" if by == "proceedings-body" else "refused"
    else:
        value = "allowed" if by == "proceedings-body" else "legal-basis"
    return SimpleNamespace(id=f"access-{form}-{by}", version="1", value=value)


@pytest.fixture
async def legal(opened) -> Legal:
    """Give the base as it was filled: nobody has asked yet, and it is ten o'clock."""
    for kind in ("passcodes", "passcode_tries", "checks", "attempts"):
        opened.records.remove(kind, {})
    opened.clock.now, opened.told["sound"] = NOW, True
    return opened


@pytest.fixture(scope="module")
def cheap() -> Iterator[None]:
    """Hash at the least cost argon2 has; what a hash costs is tried in test_timing.py."""
    hasher = type(passwords._HASHER)(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", hasher)
        patch.setattr(passwords, "_NOBODY", hasher.hash("nobody"))
        yield


@pytest.fixture(scope="module")
async def opened(mongodb_uri, cheap) -> AsyncIterator[Legal]:
    clock, told = Clock(), {"sound": True}
    async with fresh(mongodb_uri) as store:
        records = Records.open(mongodb_uri, store.database.name)
        await asyncio.to_thread(records.prepare, KINDS)
        gate = gate_over(records, clock, told)
        operations = [one.operation(gate) for one in (verify, disclose, passcode)]
        url = "http://test.invalid/legal/fhir"
        context = Context(
            Current(definitions()), store, url, ZONE, b"", PUBLIC_CALLER, 0, reaching=reaching
        )
        base = Base("/legal/fhir", context, table.build(operations))
        legal = Legal(context, base, gate, clock, records, told)
        await filled(legal)
        yield legal
        records.close()


def gate_over(records: Records, clock: Clock, told: dict[str, Any]) -> Gate:
    issuer = Issuer("issuer-99", "Công an tỉnh thử nghiệm", "Thử", "{n}/{year}/LLTP-99", SIGNERS)
    office = Office(
        records,
        {"issuer-99": issuer},
        "https://test.invalid",
        bodies={one: Body(one, one, kind) for one, kind in ORGANISATIONS.items()},
        clock=clock,
        encryption=Encryption(records.database, lambda: KEYS),
        ring=None,
        credentials=None,
    )

    async def sound(*_):
        return told["sound"]

    return Gate(office, blind, rule, sound, noting(records), counting(office), clearing(office))


async def filled(legal: Legal) -> None:
    revoked = {"kind": "recall", "decisionNumber": "1/QĐ", "decisionDate": "2026-09-01"}
    made = {
        "c1": certificate(),
        "c2": form_2(),
        "gone": certificate(status="revoked", revocation=revoked),
    }
    for id_, one in made.items():
        one["id"], one["meta"] = id_, {"lastUpdated": "2026-08-04T00:00:00Z"}
        one["identifier"].append(DOSSIER)
        one["verification"]["code"] = CODES[id_]
        one["note"] = [{"text": "CANARY of the officers"}]
        one["request"] = {"reference": "Task/t1"}
        await legal.put(one)
        lookup.register(legal.gate, one)
    person = {"resourceType": "Person", "id": "p1", "birthDate": FIELDS["birthDate"]}
    named = {"name": [{"text": FIELDS["name"]}], "identifier": [{"value": FIELDS["identity"]}]}
    await legal.put(person | named)
    await legal.put({"resourceType": "Organization", "id": "issuer-99", "name": "An issuer"})
