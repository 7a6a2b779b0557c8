"""Forms No. 1 and No. 2: the body of a certificate, frozen from what was asked and is recorded.

Law 28/2009/QH12, articles 41 to 43; Penal Code 2015, articles 69 to 73. Which parts of a record
each form shows is data: disclosure.json.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from extensions.judicial_record.certificate.disclosure import TABLE, order, shown
from extensions.judicial_record.names import LEGAL
from extensions.judicial_record.office import ZONE
from fhir_server.fhir.errors import Unprocessable

Json = dict[str, Any]
TYPE = "JudicialRecordCertificate"
DEFINITION = f"{LEGAL}/StructureDefinition/{TYPE}|1.0.0"
FORM_1, FORM_2 = "form-1", "form-2"
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for, in the shapes of the elements of the same names.

    `subject`, `request` and `requester` are references such as `Person/1`; `regime` is the
    canonical of the law with its version; `minimum_age` is the law's, in whole years, 0 for none.
    """

    form: str
    identifier: Sequence[Json]
    regime: str
    subject: str
    snapshot: Mapping[str, Any]
    requester: str
    purpose: Json
    prohibition_info: bool
    request: str = ""
    requester_kind: str = "individual"
    agent: Sequence[Json] = ()
    legal_basis: Sequence[Json] = ()
    medium: Sequence[str] = ("electronic",)
    copies: int = 0
    minimum_age: int = 0


def frozen(
    wanted: Wanted,
    *,
    as_of: int,
    convictions: Sequence[Mapping[str, Any]] = (),
    prohibitions: Sequence[Mapping[str, Any]] = (),
) -> Json:
    """Give the body of a certificate, status preliminary, before number, issuer and signature.

    `as_of` is when the record was read, µs since the epoch; `convictions` and `prohibitions` are
    all source records of the person. Raises Unprocessable, naming the invariant, where the form
    cannot be made of them.
    """
    day = _moment(as_of).date()
    if wanted.form == FORM_2 and any(one.get("role") == "authorised" for one in wanted.agent):
        told = "jrc-12: nobody is authorised to ask for form No. 2; the person asks."
        raise Unprocessable(told, expression=f"{TYPE}.agent", code="invariant")
    _old_enough(wanted, day)
    table = TABLE[wanted.form]
    snapshot = shown(wanted.snapshot, table["subjectSnapshot"], f"{TYPE}.subjectSnapshot")
    return {
        "resourceType": TYPE,
        "meta": _labels(wanted.form),
        "resourceDefinition": DEFINITION,
        **_given("identifier", wanted.identifier),
        "status": "preliminary",
        "form": wanted.form,
        "jurisdictionRule": wanted.regime,
        "subject": {"reference": wanted.subject},
        "subjectSnapshot": snapshot,
        **({"request": {"reference": wanted.request}} if wanted.request else {}),
        "requester": {"reference": wanted.requester},
        "requesterKind": wanted.requester_kind,
        **_given("agent", wanted.agent),
        "purpose": shown(wanted.purpose, "value", f"{TYPE}.purpose"),
        **_given("legalBasis", wanted.legal_basis),
        "prohibitionInfoRequested": wanted.prohibition_info,
        "dataAsOf": instant(as_of),
        **_convictions(wanted.form, convictions, day),
        **_prohibitions(wanted, prohibitions, day),
        **_given("medium", wanted.medium),
        **({"copies": wanted.copies} if wanted.copies else {}),
    }


def instant(at: int) -> str:
    """Give µs since the epoch as an instant of Viet Nam: its day is the day that is printed."""
    return _moment(at).isoformat(timespec="seconds")


def leaves_record(conviction: Mapping[str, Any]) -> bool:
    """Say whether this conviction counts as a criminal record (Penal Code, articles 69 to 73)."""
    return not any(conviction.get(name) for name in TABLE["withoutRecord"])


def _moment(at: int) -> datetime:
    return (_EPOCH + timedelta(microseconds=at)).astimezone(ZONE)


def _given(name: str, values: Sequence[Any]) -> Json:
    return {name: shown(list(values), "value", f"{TYPE}.{name}")} if values else {}


def _labels(form: str) -> Json:
    code = TABLE["confidentiality"][form]
    return {
        "security": [{"system": _CONFIDENTIALITY, "code": code}],
        "tag": [{"system": f"{LEGAL}/CodeSystem/domain", "code": "legal"}],
    }


def _convictions(form: str, records: Sequence[Mapping[str, Any]], day: date) -> Json:
    """Give convictionStatus and what is shown of each conviction, in the judgments' order."""
    placed = sorted(enumerate(records), key=lambda one: order(one[1]))
    for at, record in placed:
        _settled(record, f"{TYPE}.conviction[{at}]", day)
    counted = [one for one in placed if leaves_record(one[1])]
    listed = counted if form == FORM_1 else placed
    status = "present" if counted else "all-expunged" if listed else "none"
    found = [
        {"sequence": number, **_conviction(form, record, f"{TYPE}.conviction[{at}]")}
        for number, (at, record) in enumerate(listed, 1)
    ]
    return {"convictionStatus": status, **({"conviction": found} if found else {})}


def _settled(record: Mapping[str, Any], place: str, day: date) -> None:
    """Refuse a record that does not say whether it still counts: an officer has to."""
    since = record.get("expungement", {}).get("date", "")
    if since > day.isoformat()[: len(since)]:
        told = "jrc-1: the expungement is dated after the record was read; correct the source."
        raise Unprocessable(told, expression=f"{place}.expungement.date", code="invariant")
    kinds = {
        coding.get("code")
        for paper in record.get("executionDecision", ())
        for coding in paper.get("kind", {}).get("coding", ())
    }
    if leaves_record(record) and not kinds.isdisjoint(TABLE["endsRecord"]):
        told = "jrc-1: a linked paper ends the criminal record, but no expungement is entered."
        raise Unprocessable(told, expression=f"{place}.executionDecision", code="invariant")


def _conviction(form: str, record: Mapping[str, Any], place: str) -> Json:
    found: Json = shown(record, TABLE[form]["conviction"], place)
    needed = TABLE[form]["needed"]
    for name in needed["elements"]:
        if name not in found:
            told = f"{needed['invariant']}: {form} needs {name} of each conviction; complete it."
            raise Unprocessable(told, expression=f"{place}.{name}", code="invariant")
    return found


def _prohibitions(wanted: Wanted, records: Sequence[Mapping[str, Any]], day: date) -> Json:
    """Give prohibitionStatus and the bans in force on this day."""
    if wanted.form == FORM_1 and not wanted.prohibition_info:
        return {"prohibitionStatus": "not-requested"}
    table = TABLE[wanted.form]["prohibition"]
    placed = sorted(enumerate(records), key=lambda one: order(one[1]))
    found = [
        shown(record, table, f"{TYPE}.prohibition[{at}]")
        for at, record in placed
        if _in_force(record, f"{TYPE}.prohibition[{at}]", day)
    ]
    if not found:
        return {"prohibitionStatus": "none"}
    return {"prohibitionStatus": "prohibited", "prohibition": found}


def _in_force(record: Mapping[str, Any], place: str, day: date) -> bool:
    until = record.get("until", "")
    if not until and "duration" in record:
        told = "jrc-9: a ban with a length says until when it holds; complete the source."
        raise Unprocessable(told, expression=f"{place}.until", code="invariant")
    return not until or bool(until >= day.isoformat()[: len(until)])


def _old_enough(wanted: Wanted, day: date) -> None:
    born = str(wanted.snapshot.get("birthDate", ""))
    if wanted.minimum_age and not _is_of_age(born, wanted.minimum_age, day):
        told = f"jrc-14: the holder has to be {wanted.minimum_age} on the day of issue."
        raise Unprocessable(told, expression=f"{TYPE}.subjectSnapshot.birthDate", code="invariant")


def _is_of_age(born: str, years: int, day: date) -> bool:
    """Say whether who was born then is certainly so old; of a year or month the last day counts."""
    year, month, of_month = (*map(int, filter(None, born.split("-"))), 0, 0, 0)[:3]
    if not year:
        return False
    year, month = year + years, month or 12
    last = monthrange(year, month)[1]
    return date(year, month, min(of_month or last, last)) <= day
