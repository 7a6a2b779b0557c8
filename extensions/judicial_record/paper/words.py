"""Elements as Vietnamese text: words of the code systems, dates and sums as written here.

What the code systems of `definitions/` do not say is in `words.json`; dates are told by name, in
`fields.json`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_DEFINITIONS = _HERE.parent / "definitions"
_ADDRESS = ("line", "district", "city", "state", "country")
_DATE = len("2026-11-28")


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _vietnamese(system: Mapping[str, Any]) -> dict[str, str]:
    return {
        one["code"]: designation["value"]
        for one in system.get("concept", ())
        for designation in one.get("designation", ())
        if designation.get("language") == "vi"
    }


_SYSTEMS = {
    system["url"]: _vietnamese(system)
    for system in map(_read, sorted(_DEFINITIONS.glob("CodeSystem-*.json")))
}
_OURS = "http://fhir.hl7.org.vn/legal/CodeSystem/"
_WORDS: dict[str, Any] = _read(_HERE / "words.json")
_CODES = {name: _SYSTEMS[_OURS + system] for name, system in _WORDS["codes"].items()}
_DATES = frozenset(_read(_HERE / "fields.json")["dates"])


def text(name: str, value: Any, parts: Sequence[str] = ()) -> str:
    """Give the value of the element `name` as text; of a backbone its `parts`, in order."""
    if isinstance(value, list):
        return "; ".join(filter(None, (text(name, one, parts) for one in value)))
    if isinstance(value, dict):
        return ", ".join(_parts(value, parts)) if parts else _shaped(name, value)
    if isinstance(value, bool):
        return str(_WORDS["true"].get(name, "")) if value else ""
    return word(name, str(value)) if value is not None else ""


def word(name: str, code: str) -> str:
    """Give the word for a code of this element, a date as it is written here, else the text."""
    if name in _DATES:
        return "/".join(reversed(code[:_DATE].split("-")))
    known: Mapping[str, str] = _CODES.get(name) or _WORDS.get(name, {})
    return known.get(code, code)


def _parts(value: Mapping[str, Any], parts: Sequence[str]) -> Iterator[str]:
    for name in parts:
        if found := text(name, value.get(name)):
            before = _WORDS["before"].get(name)
            yield f"{before} {found}" if before else found


def _shaped(name: str, value: Mapping[str, Any]) -> str:
    """Give a CodeableConcept, Reference, Money, Duration or Address as text."""
    if "currency" in value:
        return f"{value['value']:,} {word('currency', value['currency'])}".replace(",", ".")
    if "value" in value:
        return f"{value['value']} {word('unit', value.get('code') or value.get('unit', ''))}"
    given = value.get("text") or value.get("display") or _coded(name, value)
    return str(given or ", ".join(filter(None, (text(one, value.get(one)) for one in _ADDRESS))))


def _coded(name: str, value: Mapping[str, Any]) -> str:
    coding: Mapping[str, Any] = next(iter(value.get("coding", ())), {})
    code = coding.get("code", "")
    known = _SYSTEMS.get(coding.get("system", ""), {}).get(code) or word(name, code)
    return str(known if known != code else coding.get("display", code))
