"""A desk to try dossiers at: a real database, callers by name."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from extensions.judicial_record.dossier.desk import Desk, Issued
from extensions.judicial_record.dossier.operations import operations
from extensions.judicial_record.office import Issuer, Office, Officer
from fhir_server.access.caller import Caller
from fhir_server.fhir import dates, json
from fhir_server.fhir.errors import FhirError
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.current import Current
from tests.client import BASE_URL, ZONE

NUMBER = "099203000001"
# Friday 20 November 2026, 09:00 in Viet Nam.
NOON = dates.parse_instant("2026-11-20T09:00:00+07:00")
CLERK = Caller("clerk", user="Practitioner/clerk", organisations=("police",))
LEADER = Caller("leader", user="Practitioner/leader", organisations=("police",))
# The clerk may sign too, where somebody else prepared.
SIGNERS = tuple(
    Officer(id_, "LÃNH ĐẠO THỬ", "Phó Giám đốc", signs=id_ != "helper")
    for id_ in ("leader", "other", "clerk", "helper")
)
HELPER = Caller("helper", user="Practitioner/helper", organisations=("police",))
ELSEWHERE = Caller("other", user="Practitioner/other", organisations=("elsewhere",))
APP = Caller("app", client="app")
OTHER_APP = Caller("other-app", client="other-app")
STATE_KEY = b"a key for tests"
# How many ask at the same time.
MANY = [20, pytest.param(100, marks=pytest.mark.long)]


@dataclass(frozen=True)
class Match:
    """What the sources say."""

    kind: str = "clean"
    records: tuple[str, ...] = ()
    prohibitions: tuple[str, ...] = ()


def blind(kind, value):
    """Give a keyed digest."""
    return hmac.new(STATE_KEY, f"{kind}|{value}".encode(), hashlib.sha256).hexdigest()


async def issue(context, _signing):
    """Issue nothing but a row of output."""
    return Issued(
        (), [{"type": {"coding": [{"code": "certificate"}]}, "valueString": context.new_id()}]
    )


@dataclass
class Bench:
    """The desk, the context, and the time, which a test sets."""

    desk: Desk
    context: Context
    clock: list[int]
    match: list[Match] = field(default_factory=lambda: [Match()])

    async def call(self, name, caller, id_=None, parameters=()):
        """Call an operation; give (status, resource)."""
        found = {one.name: one for one in operations(self.desk)}[name]
        body = {"resourceType": "Parameters", "parameter": list(parameters)}
        request = FhirRequest("POST", f"Task/${name}", body=json.dump(body) if parameters else b"")
        context = self.context.but(caller=caller)
        try:
            answer = await found.handler(context, request, Target("Task", id_, operation=name))
        except FhirError as failure:
            return failure.status, failure
        return answer.status, json.parse_object(answer.body)

    async def submitted(self, caller=APP, **differs):
        """Give the id of a new dossier."""
        status, task = await self.call("submit", caller, parameters=application(**differs))
        assert status == 201, task
        return task["id"]

    async def at(self, state, caller=APP):
        """Give the id of a dossier brought to a state of the table."""
        id_ = await self.submitted(caller)
        for name, who, given in WAYS[state]:
            if name == "match":
                self.match[0] = given
                continue
            sent = receipt(id_) if name == "pay" else given
            status, told = await self.call(name, who or caller, id_, sent)
            assert status == 200, (name, told)
        return id_

    async def read(self, id_, type_="Task"):
        """Give the stored resource."""
        stored = await self.context.store.read(self.context.allow("read", type_), type_, id_)
        return json.parse_object(stored.body) if stored else None


def bench(store, spec, records, caller) -> Bench:
    """Give a bench over this store and these records; `caller` reads what is asserted."""
    clock, match = [NOON], [Match()]
    office = Office(
        records=records,
        issuers={"police": Issuer("police", "Công an thử nghiệm", "Tỉnh 99", "{n}", SIGNERS)},
        public_url="http://test.invalid",
        clock=lambda: clock[0],
        encryption=None,
        ring=None,
        credentials=None,
    )
    desk = Desk(office, lambda _: match[0], issue, blind)
    context = Context(Current(spec), store, BASE_URL, ZONE, b"key", caller, 0)
    return Bench(desk, context, clock, match)


def application(**differs) -> list[dict[str, Any]]:
    """Give the parameters of an application; None leaves one out, a list repeats it."""
    values = {
        "form": ("valueCode", "form-1"),
        "purpose": ("valueCode", "employment"),
        "name": ("valueString", "Nguyễn Văn Thử"),
        "gender": ("valueCode", "male"),
        "birth-date": ("valueDate", "2000-02-29"),
        "nationality": ("valueCode", "VN"),
        "identity-document": ("valueIdentifier", paper()),
    }
    for name, value in differs.items():
        values[name.replace("_", "-")] = value
    rows = []
    for name, value in values.items():
        for property_, one in (
            () if value is None else value if isinstance(value, list) else [value]
        ):
            rows.append({"name": name, property_: one})
    return rows


def paper(number=NUMBER, kind="cccd"):
    """Give an identity document."""
    return {"type": {"coding": [{"code": kind}]}, "value": number}


def receipt(number="R-1", amount=200_000):
    """Give the parameters of a receipt."""
    return [
        {"name": "receipt-number", "valueString": number},
        {"name": "receipt-unit", "valueString": "Kho bạc thử nghiệm"},
        {"name": "receipt-account", "valueString": "099.1"},
        {"name": "amount", "valueMoney": {"value": amount, "currency": "VND"}},
    ]


def reason(code):
    """Give the parameters of a reason."""
    return [{"name": "reason", "valueCode": code}]


ASK = [{"name": "reason-text", "valueString": "Thiếu giấy tờ"}]
_PAID = [("pay", None, ())]
_ACCEPTED = [*_PAID, ("accept", CLERK, ())]


def _checked(kind, *records):
    return [*_ACCEPTED, ("match", None, Match(kind, records)), ("check-sources", CLERK, ())]


WAYS: dict[str, list[tuple[str, Any, Any]]] = {
    "6": [],
    "1": _PAID,
    "2": _ACCEPTED,
    "3": [*_PAID, ("refuse", CLERK, reason("papers"))],
    "4/awaiting-source": _checked("ambiguous", "r1"),
    "4/review": _checked("hit", "r1", "r2"),
    "4/awaiting-signature": _checked("clean"),
    "5": [*_ACCEPTED, ("request-supplement", CLERK, ASK)],
    "7": [("withdraw", None, ())],
    "8": [*_checked("hit", "r1"), ("stop", CLERK, reason("duplicate"))],
    "9": [*_checked("clean"), ("sign", LEADER, ())],
    "10": [*_checked("clean"), ("sign", LEADER, ()), ("deliver", CLERK, ())],
}
GIVEN: dict[str, Callable[[], Any]] = {
    "pay": receipt,
    "refuse": lambda: reason("papers"),
    "stop": lambda: reason("duplicate"),
    "request-supplement": lambda: ASK,
}
