"""The person's block of the book: numbers, home, who they are, where they are registered.

Group (a) of Decision 31/QĐ-BYT (2026).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mappings.ehealth_book.words import Fhir, Shelf, clean, concept, facility, first

# The last part of an identifier's system → what a citizen calls that number.
IDENTIFIERS = {
    "cccd": "Số định danh",
    "cmnd": "CMND",
    "bhyt": "Thẻ BHYT",
    "bhxh": "Mã số BHXH",
    "passport-VNM": "Hộ chiếu",
}
# The last part of an extension's address → what it says.
EXTENSIONS = {
    "vn-ext-ethnicity": "Dân tộc",
    "patient-nationality": "Quốc tịch",
    "vn-ext-occupation": "Nghề nghiệp",
}


def about(patient: Fhir, shelf: Shelf, cards: Collection[str] = ()) -> list[str]:
    """Give what is known of a person, a line each; numbers of `cards` are told with the cards."""
    told = (*_numbers(patient, cards), *_home(patient), *_traits(patient))
    registered = [facility(one, shelf) for one in patient.get("generalPractitioner", ())]
    lines = [f"{label}: {text}" for label, text in told if text]
    if any(registered):
        lines.append(f"Nơi đăng ký khám chữa bệnh ban đầu: {', '.join(filter(None, registered))}")
    return lines


def _numbers(patient: Fhir, cards: Collection[str]) -> Iterator[tuple[str, str]]:
    for one in patient.get("identifier", ()):
        label = IDENTIFIERS.get(str(one.get("system", "")).rpartition("/")[2])
        if label and one.get("value") not in cards:
            yield label, clean(one.get("value", ""))


def _home(patient: Fhir) -> Iterator[tuple[str, str]]:
    yield "Địa chỉ", clean(first(patient.get("address")).get("text", ""))
    yield "Điện thoại", clean(first(patient.get("telecom")).get("value", ""))


def _traits(patient: Fhir) -> Iterator[tuple[str, str]]:
    for one in patient.get("extension", ()):
        label = EXTENSIONS.get(str(one.get("url", "")).rpartition("/")[2])
        if label:
            yield label, concept(_value(one))


def _value(extension: Mapping[str, Any]) -> Fhir:
    """Give an extension's concept, its own or that of its part `code`."""
    inner = (one for one in extension.get("extension", ()) if one.get("url") == "code")
    found: Fhir = next(inner, extension).get("valueCodeableConcept", {})
    return found
