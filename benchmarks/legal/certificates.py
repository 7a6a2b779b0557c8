"""Applications and checks of certificates as bytes on the wire, and certificates to check."""

import random
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import workloads
from fhir_server.fhir import json
from fhir_server.interactions.current import Current
from fhir_server.main import legal
from fhir_server.oauth import clients, grants, tokens
from fhir_server.oauth.clients import Client
from fhir_server.oauth.server import KINDS, OAuth
from fhir_server.store.records import Reading, Records

TYPE = "JudicialRecordCertificate"
BASE = legal.PATH
VALID, NOT_VALID = b'"valueBoolean":true', b'"valueBoolean":false'
# One check in so many has a wrong birth date: few enough that no lock is met.
ONE_WRONG_IN = 10
_ISSUER = "issuer-99"
_OFFICE = ("accept", "check-sources", "sign")
_SECONDS = 3600
_SEED = 99

Json = dict[str, Any]


@dataclass(slots=True)
class People:
    """A system that applies, a clerk and a signer, each with a token of the legal base."""

    port: int
    system: str
    officers: dict[str, str]
    certificates: list[Json] = field(default_factory=list)

    def issue(self, number: int) -> None:
        """Take an application of a citizen as far as the signed certificate."""
        task = self._asked("Task/$submit", self.system, application(number))
        at = f"Task/{task['id']}"
        self._asked(f"{at}/$pay", self.system, _receipt(task, number))
        for name in _OFFICE:
            task = self._asked(f"{at}/${name}", self.officers[name])
        [reference] = [
            one["valueReference"]["reference"]
            for one in task["output"]
            if one["type"]["coding"][0]["code"] == "certificate"
        ]
        self.certificates.append(self._asked(reference, self.system))

    def submissions(self, first: int, number: int) -> tuple[bytes, ...]:
        """Give `number` applications, each of another citizen, from `first` on."""
        return tuple(
            workloads.bearing(_posted("Task/$submit", application(one)), self.system)
            for one in range(first, first + number)
        )

    def verifications(self, number: int) -> tuple[bytes, ...]:
        """Give `number` checks by anybody, over all certificates."""
        chance = random.Random(_SEED)  # noqa: S311 - the same load each time
        return tuple(
            _posted(
                f"{TYPE}/$verify",
                _five(chance.choice(self.certificates), wrong=not chance.randrange(ONE_WRONG_IN)),
            )
            for _ in range(number)
        )

    def keys(self) -> Json:
        """Give the published keys."""
        with urllib.request.urlopen(f"{self._site}/.well-known/legal-jwks.json") as answer:  # noqa: S310 - our own server
            return json.parse_object(answer.read())

    @property
    def _site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _asked(self, path: str, token: str, rows: Sequence[Json] | None = None) -> Json:
        posted = "$" in path
        asked = urllib.request.Request(  # noqa: S310 - our own server
            f"{self._site}{BASE}/{path}",
            (_parameters(rows) if rows else b"") if posted else None,
            {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"},
        )
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own server
            return json.parse_object(answer.read())


def people(uri: str, database: str, port: int) -> People:
    """Register them at the authorization server of the legal base of `database`."""
    name, root = f"{database}_legal_oauth", "http://127.0.0.1/legal"
    oauth = OAuth(
        f"{root}/oauth", f"{root}/fhir", Records.open(uri, name), Reading.open(uri, name),
        Current(legal.definitions()),
    )  # fmt: skip
    oauth.records.prepare(KINDS)
    reads = (f"legal/{TYPE}.rs", "legal/Task.rs")
    system = _token(oauth, "system", (*reads, "legal/$submit", "legal/$pay"))
    does = (*reads, *(f"legal/${one}" for one in _OFFICE))
    clerk, signer = (
        _token(oauth, one, does, fhir_user=f"Practitioner/{one}-99", organisations=[_ISSUER])
        for one in ("clerk", "signer")
    )
    return People(port, system, {**dict.fromkeys(_OFFICE, clerk), "sign": signer})


def _token(oauth: OAuth, name: str, scopes: Sequence[str], **whose: Any) -> str:
    made = Client(name, name, "public", scopes=tuple(scopes), status="active")
    client, _ = clients.add(oauth, made)
    grant = grants.new(oauth, client, scopes, seconds=_SECONDS, **whose)
    return tokens.issue(oauth, grant, scopes, seconds=_SECONDS)[0]


def application(number: int) -> Sequence[Json]:
    """Give the rows of an application of citizen `number`."""
    paper = {"type": {"coding": [{"code": "cccd"}]}, "value": f"0992{number:08}"}
    return (
        {"name": "form", "valueCode": "form-1"},
        {"name": "purpose", "valueCode": "employment"},
        {"name": "name", "valueString": "Nguyễn Văn Thử"},
        {"name": "gender", "valueCode": "male"},
        {"name": "birth-date", "valueDate": "2000-02-29"},
        {"name": "nationality", "valueCode": "VN"},
        {"name": "identity-document", "valueIdentifier": paper},
    )


def _receipt(task: Json, number: int) -> Sequence[Json]:
    [fee] = [one["valueMoney"] for one in task["input"] if "valueMoney" in one]
    return (
        {"name": "receipt-number", "valueString": f"R-{number}"},
        {"name": "receipt-unit", "valueString": "Kho bạc thử nghiệm"},
        {"name": "receipt-account", "valueString": "099.1"},
        {"name": "amount", "valueMoney": fee},
    )


def _five(certificate: Json, *, wrong: bool) -> Sequence[Json]:
    snapshot = certificate["subjectSnapshot"]
    numbers = {one["type"]["coding"][0]["code"]: one["value"] for one in certificate["identifier"]}
    told = {
        "code": certificate["verification"]["code"],
        "dossier": numbers["dossier-code"],
        "name": snapshot["name"],
        "birthDate": "2000-03-01" if wrong else snapshot["birthDate"],
        "gender": snapshot["gender"],
        "identity": snapshot["identityDocument"][0]["number"],
    }
    return [{"name": name, "valueString": value} for name, value in told.items()]


def _posted(path: str, rows: Sequence[Json]) -> bytes:
    return workloads.post(f"{BASE}/{path}", _parameters(rows))


def _parameters(rows: Sequence[Json]) -> bytes:
    return json.dump({"resourceType": "Parameters", "parameter": list(rows)})
