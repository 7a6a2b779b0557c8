"""What stands on the page: the certificate's elements as labelled Vietnamese texts, in print order.

Which elements, and what they are called: `fields.json`; how values are said: `words.py`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from extensions.judicial_record.office import ZONE
from extensions.judicial_record.paper.words import text, word
from fhir_server.fhir.errors import Unprocessable

Line = dict[str, Any]

_HERE = Path(__file__).parent
_FIELDS: dict[str, list[Any]] = json.loads((_HERE / "fields.json").read_text("utf-8"))
_TITLES = {"form-1": "PHIẾU LÝ LỊCH TƯ PHÁP SỐ 1", "form-2": "PHIẾU LÝ LỊCH TƯ PHÁP SỐ 2"}
_NONE = "//"  # what the forms print where there is nothing to say


def printed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give the page of a frozen certificate: title, numbers, lines, date, signer.

    A line is `{"label", "value", "number"?}`. Nothing is added to what the body says and nothing
    it may show is left out, but for what is for machines alone (rule, references, verification)
    and for `dataAsOf`, by which the lane an application took could be told. The dossier code is
    one of the fields a verifier types; its digits are random, and tell neither day nor lane.
    Raises Unprocessable where an element the page cannot do without is missing.
    """
    form, snapshot = _needed(body, "form"), _needed(body, "subjectSnapshot")
    issued = datetime.fromisoformat(_needed(body, "issued")).astimezone(ZONE)
    ban = body.get("prohibitionStatus", "not-requested")
    return {
        "title": _TITLES[form],
        "number": _number(body),
        "dossier": _identifier(body, "dossier-code"),
        "issuer": _needed(body, "issuer").get("display", ""),
        "subject": [*_lines("subject", snapshot), *_family(form, snapshot)],
        "status": word("convictionStatus", _needed(body, "convictionStatus")),
        "convictions": _blocks("conviction", body),
        "ban": "" if ban == "not-requested" else word("prohibitionStatus", ban),
        "prohibitions": _blocks("prohibition", body),
        "date": f"ngày {issued:%d} tháng {issued:%m} năm {issued.year}",
        "signer": {name: body.get("signedBy", {}).get(name, "") for name in ("title", "name")},
    }


def _needed(body: Mapping[str, Any], name: str) -> Any:
    if name not in body:
        place = f"JudicialRecordCertificate.{name}"
        raise Unprocessable(f"{name} is needed to print.", code="required", expression=place)
    return body[name]


def _number(body: Mapping[str, Any]) -> str:
    if number := _identifier(body, "certificate-number"):
        return number
    place = "JudicialRecordCertificate.identifier"
    raise Unprocessable("A certificate is printed with its number.", expression=place)


def _identifier(body: Mapping[str, Any], type_: str) -> str:
    for one in body.get("identifier", ()):
        codings = one.get("type", {}).get("coding", ())
        if any(coding.get("code") == type_ for coding in codings):
            return str(one.get("value", ""))
    return ""


def _lines(kind: str, element: Mapping[str, Any], *, skip: bool = False) -> list[Line]:
    found = []
    for field in _FIELDS[kind]:
        value = text(field["path"], element.get(field["path"]), field.get("parts", ()))
        if value or not (skip or field.get("optional")):
            found.append(_line(field, value))
    return found


def _line(field: Mapping[str, Any], value: str) -> Line:
    line = {"label": field["label"], "value": value or _NONE}
    return line | {"number": field["number"]} if "number" in field else line


def _family(form: str, snapshot: Mapping[str, Any]) -> list[Line]:
    if form != "form-2":
        return []
    given = {one.get("role"): one for one in snapshot.get("family", ())}
    return [_line(field, _relative(given.get(field["role"], {}))) for field in _FIELDS["family"]]


def _relative(one: Mapping[str, Any]) -> str:
    year = one.get("birthYear")
    return f"{one.get('name', '')}, sinh năm {year}" if year else str(one.get("name", ""))


def _blocks(kind: str, body: Mapping[str, Any]) -> list[list[Line]]:
    return [_lines(kind, one, skip=True) for one in body.get(kind, ())]
