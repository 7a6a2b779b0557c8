"""An application for a certificate: named values, checked against a table, kept as Task.input.

Forms 03, 04, 12 and 13/2024/LLTP of Circular 06/2024/TT-BTP; `application.json` is the table.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from extensions.judicial_record.dossier.values import Fault, faults, normal
from extensions.judicial_record.names import LEGAL
from fhir_server.fhir.errors import Issue, Unprocessable

Json = dict[str, Any]
INPUT = f"{LEGAL}/CodeSystem/dossier-input"
PURPOSE = f"{LEGAL}/CodeSystem/purpose"
DOCUMENT = f"{LEGAL}/CodeSystem/identity-document-type"
APPLICANT = "applicant"
COUNTRY = "urn:iso:std:iso:3166"
MOST = 300
_FAMILY = ("father", "mother", "spouse")
# The number of a citizen stands on each of these papers.
CITIZEN = "citizen"
_CITIZEN = ("so-dinh-danh", "can-cuoc", "cccd")


@dataclass(frozen=True, slots=True)
class Row:
    """One field: its name, FHIR type, how often it may stand, what it may hold."""

    name: str
    type: str
    display: str
    min: int = 0
    max: int = 1
    codes: tuple[str, ...] = ()
    check: str = ""
    longest: int = 1000
    largest: int = 2**31 - 1
    needs: tuple[str, ...] = ()

    @property
    def property(self) -> str:
        """Give the name of its value in Parameters and in Task.input."""
        return f"value{self.type[0].upper()}{self.type[1:]}"


def _rows() -> Mapping[str, Row]:
    table = json.loads(Path(__file__).with_name("application.json").read_bytes())
    return {row["name"]: Row(**{**row, **_tuples(row)}) for row in table["rows"]}


def _tuples(row: Json) -> Json:
    return {name: tuple(row[name]) for name in ("codes", "needs") if name in row}


ROWS = _rows()


@dataclass(frozen=True)
class Application:
    """What was asked for: (name, value) in the order given, text in Unicode's form NFC."""

    values: Sequence[tuple[str, Any]]

    def all(self, name: str) -> list[Any]:
        """Give every value of a field."""
        return [value for one, value in self.values if one == name]

    def one(self, name: str, default: Any = None) -> Any:
        """Give the first value of a field."""
        return next(iter(self.all(name)), default)

    @property
    def form(self) -> str:
        """Give form-1 or form-2."""
        return str(self.one("form"))

    @property
    def purpose(self) -> Json:
        """Give the purpose as a CodeableConcept; the words of another one are its text."""
        coded: Json = {"coding": [{"system": PURPOSE, "code": self.one("purpose")}]}
        text = self.one("purpose-text")
        return {**coded, "text": text} if text else coded

    @property
    def prohibition_info(self) -> bool:
        """Say whether bans on posts are to be printed; Form 2 always has them."""
        return bool(self.one("prohibition-info", default=False))

    @property
    def copies(self) -> int:
        """Give how many are asked for."""
        return int(self.one("copies", 1))

    @property
    def on_paper(self) -> bool:
        """Say whether they are asked for on paper: by what is said, else by how it was sent."""
        told = self.all("delivery")
        return "paper" in told if told else self.channel != "online"

    @property
    def legal_basis(self) -> Sequence[Json]:
        """Give the law that allows the demand, as CodeableConcepts."""
        return [{"text": one} for one in self.all("legal-basis")]

    @property
    def channel(self) -> str:
        """Give how it was sent: online, counter or post."""
        return str(self.one("channel", "online"))

    @property
    def by(self) -> str:
        """Give who asks, as the law's rules of access call him."""
        role = self.one("agent-role", "holder")
        return role if role in ("holder", "parent") else "authorised"

    @property
    def agent(self) -> Json | None:
        """Give who applies for the holder, as JudicialRecordCertificate.agent; None for himself.

        He is known once the application is a dossier.
        """
        role = self.one("agent-role")
        if role is None:
            return None
        told = {"role": role, "who": self.one(APPLICANT)}
        related = self.one("agent-relationship")
        return {**told, "relationship": {"text": related}} if related else told

    @cached_property
    def snapshot(self) -> Json:
        """Give the holder's identity as it is printed, in the shape of subjectSnapshot."""
        told: Json = {
            "name": self.one("name").upper(),
            "otherName": [one.upper() for one in self.all("other-name")],
            "gender": self.one("gender"),
            "birthDate": self.one("birth-date"),
            "birthPlace": self.one("birth-place"),
            "nationality": [
                {"coding": [{"system": COUNTRY, "code": one}]} for one in self.all("nationality")
            ],
            "identityDocument": [_document(one) for one in self.all("identity-document")],
            "permanentAddress": self.one("permanent-address"),
            "temporaryAddress": self.one("temporary-address"),
            "family": [one for role in _FAMILY for one in self._family(role)],
        }
        return {name: value for name, value in told.items() if value}

    @cached_property
    def facts(self) -> Json:
        """Give what the law asks of an application, to find the rule that holds."""
        abroad = any(one.get("country", "VN") not in ("VN", "VNM") for one in self.all("residence"))
        provinces = {one.get("state") for one in self.all("residence")} - {None}
        return {
            "form": self.form,
            "channel": self.channel,
            "applicant": self.one("fee-group", "standard"),
            "foreigner": not {"VN", "VNM"} & {*self.all("nationality")},
            "abroad": abroad,
            "many_places": len(provinces) > 1,
        }

    @property
    def input(self) -> list[Json]:
        """Give the rows of Task.input, one for each value."""
        return [row(name, ROWS[name].property, value) for name, value in self.values]

    def _family(self, role: str) -> Iterator[Json]:
        name, year = self.one(f"{role}-name"), self.one(f"{role}-birth-year")
        if name:
            told = {"role": role, "name": name.upper()}
            yield {**told, "birthYear": year} if year else told


def row(name: str, property_: str, value: Any) -> Json:
    """Give one Task.input or Task.output: what it is, and its value."""
    return {"type": {"coding": [{"system": INPUT, "code": name}]}, property_: value}


def name_of(one: Json) -> str:
    """Give the name of a row of Task.input or Task.output."""
    return str(one["type"]["coding"][0]["code"])


def of_task(task: Json) -> Application:
    """Give the application a Task was made of."""
    known = {name: row.property for name, row in ROWS.items()} | {APPLICANT: "valueReference"}
    rows = [(name_of(one), one) for one in task.get("input", ())]
    return Application([(name, one[known[name]]) for name, one in rows if name in known])


def read(parameters: Json, *, today: str) -> Application:
    """Give the application in a Parameters resource that is well built; text becomes NFC.

    `today` is the day it is sent, as a FHIR date. Raises Unprocessable with every issue, each with
    its location and what to do.
    """
    values, issues = [], []
    given = parameters.get("parameter", [])
    if len(given) > MOST:
        told = f"An application has at most {MOST} values; send fewer."
        raise Unprocessable(told, code="too-long", expression="Parameters.parameter")
    for place, one in enumerate(given):
        where = f"Parameters.parameter[{place}]"
        found = ROWS.get(one.get("name", ""))
        if found is None:
            issues.append(Issue("not-supported", "This field is not known; leave it out.", where))
        elif found.property not in one:
            told = f"{found.name} is sent as {found.property}."
            issues.append(Issue("structure", told, where))
        else:
            value = normal(one[found.property])
            issues += _told(found, where, faults(found, value, today))
            values.append((found.name, value))
    issues += _counted(values)
    if issues:
        raise Unprocessable(issues=issues)
    return Application(tuple(values))


def _told(found: Row, where: str, wrong: Iterable[Fault]) -> list[Issue]:
    return [
        Issue(code, f"{found.name}: {text}", f"{where}.{found.property}{below}")
        for below, code, text in wrong
    ]


def _counted(values: Sequence[tuple[str, Any]]) -> Iterator[Issue]:
    """Give what stands too often, not at all, or without what belongs to it."""
    counts = Counter(name for name, _ in values)
    for found in ROWS.values():
        if counts[found.name] < found.min:
            yield _lost(found.name, f"{found.name} ({found.display}) is needed; add it.")
        if counts[found.name] > found.max:
            told = f"{found.name} stands {counts[found.name]} times; {found.max} is the most."
            yield Issue("business-rule", told, _path(found.name))
        if counts[found.name]:
            for other in found.needs:
                if not counts[other]:
                    yield _lost(other, f"{found.name} needs {other} too; add it.")


def _lost(name: str, told: str) -> Issue:
    return Issue("required", told, _path(name))


def _path(name: str) -> str:
    return f"Parameters.parameter.where(name='{name}')"


def known_by(papers: Sequence[Json]) -> tuple[str, str]:
    """Give what a person is known by: `citizen` and his number, else a paper's kind and number."""
    told = [(_kind(one), str(one["value"])) for one in papers]
    citizen = ((CITIZEN, number) for kind, number in told if kind in _CITIZEN)
    return next(citizen, told[0])


def _kind(paper: Json) -> str:
    return str(paper["type"]["coding"][0]["code"])


def _document(one: Json) -> Json:
    told: Json = {
        "type": {"coding": [{"system": DOCUMENT, "code": _kind(one)}]},
        "number": one["value"],
        "issued": one.get("period", {}).get("start"),
        "issuer": one.get("assigner", {}).get("display"),
    }
    return {name: value for name, value in told.items() if value}
