"""A certificate's life, step by step: what the demonstration shows, and what a test asserts."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from extensions.judicial_record import published
from extensions.judicial_record.office import ZONE
from extensions.judicial_record.verifying import lookup
from fhir_server.fhir import json

Json = dict[str, Any]
Rows = list[Json]
# `(who, path, rows)` gives the body of the answer. Without rows it is a GET; raises for an error.
Send = Callable[[str, str, Rows | None], Awaitable[bytes]]
# What happened, in English and in Vietnamese.
Tell = Callable[[str, str], None]
# Says whether files of a certificate, kept in a folder of this name, are good without a network.
Offline = Callable[[str, Mapping[str, bytes]], bool]

BASE, TYPE = "/legal/fhir", "JudicialRecordCertificate"
ISSUER, CLERK, SIGNER = "issuer-99", "Practitioner/clerk-99", "Practitioner/signer-99"
NUMBER = "099203000001"
READS = (f"legal/{TYPE}.rs", "legal/Task.rs", "legal/DocumentReference.rs", "legal/Binary.r")
APPLIES = tuple(f"legal/${one}" for one in ("submit", "pay", "supplement", "withdraw", "receipts"))
_OFFICE = (
    *("accept", "refuse", "request-supplement", "check-sources", "propose", "stop", "sign"),
    *("deliver", "revoke", "correct", "sla-report"),
)
OFFICER = (*READS, *(f"legal/${one}" for one in _OFFICE))


class Step(NamedTuple):
    """One operation on the dossier: by whom, with which rows, and what to say of it."""

    who: str
    operation: str
    rows: Callable[[Json], Rows]
    english: str
    vietnamese: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How the story ended: the Person, the files of the good certificate, what checks said.

    `seconds` from the recall until a check said so.
    """

    holder: str
    files: Mapping[str, bytes]
    valid: tuple[bool, bool]
    recalled: tuple[bool, bool]
    seconds: float


def application(number: str = NUMBER, **differs: Any) -> Rows:
    """Give the rows of an application; a value that is None leaves a row out."""
    paper = {"type": {"coding": [{"code": "cccd"}]}, "value": number}
    values: dict[str, Any] = {
        "form": ("valueCode", "form-1"),
        "purpose": ("valueCode", "employment"),
        "name": ("valueString", "Nguyễn Văn Thử"),
        "gender": ("valueCode", "male"),
        "birth-date": ("valueDate", "2000-02-29"),
        "nationality": ("valueCode", "VN"),
        "identity-document": ("valueIdentifier", paper),
        **{name.replace("_", "-"): value for name, value in differs.items()},
    }
    return [{"name": name, value[0]: value[1]} for name, value in values.items() if value]


def receipt(task: Json, number: str = "") -> Rows:
    """Give the rows of the receipt for a dossier's fee."""
    fees = [one["valueMoney"] for one in task["input"] if "valueMoney" in one]
    return [
        {"name": "receipt-number", "valueString": number or f"R-{task['id']}"},
        {"name": "receipt-unit", "valueString": "Kho bạc thử nghiệm"},
        {"name": "receipt-account", "valueString": "099.1"},
        {"name": "amount", "valueMoney": fees[0]},
    ]


def _nothing(_: Json) -> Rows:
    return []


STEPS = (
    Step("app", "pay", receipt, "The fee is paid", "Nộp phí"),
    Step("clerk", "accept", _nothing, "The clerk accepts it; the term begins", "Tiếp nhận hồ sơ"),
    Step("clerk", "check-sources", _nothing, "No record of the person is found", "Tra cứu"),
    Step("signer", "sign", _nothing, "The signer signs: FHIR, PDF, public log", "Ký số"),
    Step("clerk", "deliver", _nothing, "The certificate is delivered", "Trả kết quả"),
)


def decision(on: str) -> Rows:
    """Give the rows of a decision of this date to recall a certificate."""
    return [
        {"name": "kind", "valueCode": "recall"},
        {"name": "decisionNumber", "valueString": "1/QĐ-99"},
        {"name": "decisionDate", "valueDate": on},
        {"name": "reason", "valueString": "Nội dung không đúng"},
    ]


def five(certificate: Json) -> Rows:
    """Give the code and the five fields as they stand on a certificate."""
    told = {"code": certificate["verification"]["code"], **next(lookup.printed(certificate))}
    return [{"name": name, "valueString": value} for name, value in told.items()]


def told(parameters: Json) -> Json:
    """Give the values of Parameters by name."""
    return {
        one["name"]: next((one[key] for key in one if key.startswith("value")), None)
        for one in parameters["parameter"]
    }


async def story(send: Send, tell: Tell, offline: Offline) -> Ending:
    """Issue a certificate and check it; issue a second one, recall it and check that."""
    holder, first = await issued(send, tell)
    files = await kept(send, first)
    valid = offline("certificate", files), await _checked(send, files)
    tell(f"Checked by anybody, with five fields: {_named(valid[1])}", "Kiểm tra phiếu")
    _, second = await issued(send, lambda *_: None)
    tell("A second certificate is issued the same way", "Cấp phiếu thứ hai")
    began = time.monotonic()
    today = datetime.now(ZONE).date().isoformat()
    await send("signer", f"{BASE}/{second}/$revoke", decision(today))
    tell("The signer recalls it", "Thu hồi phiếu")
    # As long as a list that was signed before the recall may still be served.
    await asyncio.sleep(published.KEPT_SECONDS)
    gone = await kept(send, second)
    public = await _checked(send, gone)
    seconds = time.monotonic() - began
    tell(f"Checked again after {seconds:.1f} s: {_named(public)}", "Kiểm tra lại")
    return Ending(holder, files, valid, (offline("recalled", gone), public), seconds)


async def issued(send: Send, tell: Tell) -> tuple[str, str]:
    """Bring an application all the way; give the references of holder and certificate."""
    task = json.parse_object(await send("app", f"{BASE}/Task/$submit", application()))
    tell("An app sends a citizen's application for a Form 1", "Nộp hồ sơ")
    certificate = ""
    for step in STEPS:
        path = f"{BASE}/Task/{task['id']}/${step.operation}"
        done = json.parse_object(await send(step.who, path, step.rows(task)))
        tell(step.english, step.vietnamese)
        certificate = _certificate(done) or certificate
    return task["for"]["reference"], certificate


async def kept(send: Send, certificate: str) -> Mapping[str, bytes]:
    """Give a certificate as its holder keeps it, by file name; with what proves it offline."""
    body = await send("app", f"{BASE}/{certificate}", None)
    told_of = json.parse_object(body)
    shard = told_of["verification"]["statusList"].rpartition("/")[2]
    return {
        "certificate.json": body,
        "certificate.pdf": await send("app", f"{BASE}/Binary/{told_of['id']}", None),
        "status.jwt": await send("anybody", f"/legal/status/{shard}", None),
        "keys.json": await send("anybody", published.KEYS, None),
    }


async def _checked(send: Send, files: Mapping[str, bytes]) -> bool:
    fields = five(json.parse_object(files["certificate.json"]))
    answer = await send("anybody", f"{BASE}/{TYPE}/$verify", fields)
    return told(json.parse_object(answer))["valid"] is True


def _named(valid: bool) -> str:  # noqa: FBT001 it is what is told
    return "valid" if valid else "not valid any more"


def _certificate(task: Json) -> str:
    for one in task.get("output", ()):
        if one["type"]["coding"][0]["code"] == "certificate":
            return str(one["valueReference"]["reference"])
    return ""
