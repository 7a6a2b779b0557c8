"""Slicing: every kind of discriminator, rules, order, slices of slices."""

from typing import Any

import pytest

from tests.validation.profiles.conftest import CORE, definition

SYSTEM, OTHER = "http://example.org/s", "http://example.org/o"


def sliced(path: str, *discriminators: tuple[str, str], **more: Any) -> dict[str, Any]:
    told = [{"type": kind, "path": where} for kind, where in discriminators]
    return {"path": path, "slicing": {"discriminator": told, "rules": "open", **more}}


def identifiers(*systems: str) -> dict[str, Any]:
    found = [{"system": one, "value": str(n)} for n, one in enumerate(systems)]
    return {"resourceType": "Patient", "identifier": found}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def coded(*codes: str) -> dict[str, Any]:
    return {"coding": [{"system": SYSTEM, "code": one} for one in codes]}


BY_SYSTEM = (
    sliced("identifier", ("value", "system")),
    {"path": "identifier", "sliceName": "mine", "min": 1, "max": "1"},
    {"path": "identifier.system", "min": 1, "fixedUri": SYSTEM},
    {"path": "identifier.value", "maxLength": 1, "patternString": "0"},
)
BY_PATTERN = (
    sliced("category", ("pattern", "$this")),
    {"path": "category", "sliceName": "a", "min": 1, "patternCodeableConcept": coded("a")},
)
BY_DEEP_VALUE = (
    sliced("component", ("value", "code.coding.code")),
    {"path": "component", "sliceName": "a", "min": 1},
    {"path": "component.code.coding.code", "fixedCode": "a"},
    {"path": "component.value[x]", "min": 1},
)
BY_BINDING = (
    sliced("telecom", ("value", "use")),
    {"path": "telecom", "sliceName": "listed", "max": "1"},
    {
        "path": "telecom.use",
        "min": 1,
        "binding": {
            "strength": "required",
            "valueSet": "http://hl7.org/fhir/ValueSet/contact-point-use",
        },
    },
)
BY_EXISTS = (
    sliced("telecom", ("exists", "period")),
    {"path": "telecom", "sliceName": "dated", "max": "1"},
    {"path": "telecom.period", "min": 1},
    {"path": "telecom", "sliceName": "undated", "max": "0"},
    {"path": "telecom.period", "max": "0"},
)
BY_TYPE = (
    {"path": "value[x]", **{k: v for k, v in sliced("", ("type", "$this")).items() if k != "path"}},
    {"path": "value[x]", "sliceName": "valueQuantity", "type": [{"code": "Quantity"}]},
    {"path": "value[x].unit", "min": 1},
)
BY_RESOURCE_TYPE = (
    sliced("entry", ("type", "resource"), rules="closed"),
    {"path": "entry", "sliceName": "patient", "min": 1, "max": "1"},
    {"path": "entry.resource", "type": [{"code": "Patient"}]},
    {"path": "entry", "sliceName": "group"},
    {"path": "entry.resource", "type": [{"code": "Group"}]},
)
BY_TARGET_TYPE = (
    sliced("performer", ("type", "resolve()")),
    {
        "path": "performer",
        "sliceName": "who",
        "min": 1,
        "type": [{"code": "Reference", "targetProfile": [f"{CORE}Practitioner"]}],
    },
)
BY_EXTENSION = (
    sliced("telecom", ("value", "extension('http://example.org/e').value")),
    {"path": "telecom", "sliceName": "marked", "max": "0"},
    {"path": "telecom.extension", "sliceName": "e", "min": 1},
    {"path": "telecom.extension.url", "fixedUri": "http://example.org/e"},
    {"path": "telecom.extension.value[x]", "min": 1, "fixedCode": "x"},
)
CLOSED = (sliced("identifier", ("value", "system"), rules="closed"), *BY_SYSTEM[1:3])
AT_END = (sliced("identifier", ("value", "system"), rules="openAtEnd"), *BY_SYSTEM[1:3])
ORDERED = (
    sliced("identifier", ("value", "system"), ordered=True),
    {"path": "identifier", "sliceName": "first"},
    {"path": "identifier.system", "min": 1, "fixedUri": SYSTEM},
    {"path": "identifier", "sliceName": "second"},
    {"path": "identifier.system", "min": 1, "fixedUri": OTHER},
)
DEFAULT = (
    sliced("identifier", ("value", "system"), rules="closed"),
    *BY_SYSTEM[1:3],
    {"path": "identifier", "sliceName": "@default"},
    {"path": "identifier.use", "min": 1},
)
AGAIN = (
    sliced("telecom", ("value", "system")),
    {
        "path": "telecom",
        "sliceName": "phone",
        "slicing": {"discriminator": [{"type": "value", "path": "use"}], "rules": "closed"},
    },
    {"path": "telecom.system", "min": 1, "fixedCode": "phone"},
    {"path": "telecom", "sliceName": "phone/home", "min": 1},
    {"path": "telecom.use", "min": 1, "fixedCode": "home"},
)
WITHOUT = (
    {"path": "identifier", "slicing": {"rules": "closed"}},
    {"path": "identifier", "sliceName": "mine"},
    {"path": "identifier.system", "min": 1, "fixedUri": SYSTEM},
)


def patient(*telecom: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Patient", "telecom": list(telecom)}


def part(code: str, **more: Any) -> dict[str, Any]:
    return {"code": coded(code), **more}


def target(type_: str) -> dict[str, Any]:
    performer = {"resourceType": type_, "id": "1"}
    return observation(contained=[performer], performer=[{"reference": "#1"}])


EXTENSION = {"extension": [{"url": "http://example.org/e", "valueCode": "x"}]}
# (type, elements of the profile, resource, where it is wrong)
ROWS: list[tuple[str, Any, Any, list[str]]] = [
    ("Patient", BY_SYSTEM, identifiers(SYSTEM), []),
    ("Patient", BY_SYSTEM, identifiers(OTHER), ["Patient.identifier"]),
    ("Patient", BY_SYSTEM, identifiers(SYSTEM, SYSTEM),
     ["Patient.identifier", "Patient.identifier[1].value"]),
    ("Patient", BY_SYSTEM, identifiers(OTHER, SYSTEM), ["Patient.identifier[1].value"]),
    ("Patient", BY_SYSTEM, {"resourceType": "Patient"}, ["Patient.identifier"]),
    ("Observation", BY_PATTERN, observation(category=[coded("b"), coded("c", "a")]), []),
    ("Observation", BY_PATTERN, observation(category=[coded("b")]), ["Observation.category"]),
    ("Observation", BY_DEEP_VALUE, observation(component=[part("a", valueInteger=1), part("b")]),
     []),
    ("Observation", BY_DEEP_VALUE, observation(component=[part("b")]), ["Observation.component"]),
    ("Observation", BY_DEEP_VALUE, observation(component=[part("b"), part("a")]),
     ["Observation.component[1].value"]),
    ("Patient", BY_BINDING, patient({"use": "home"}, {"value": "1"}), []),
    ("Patient", BY_BINDING, patient({"use": "home"}, {"use": "work"}), ["Patient.telecom"]),
    ("Patient", BY_EXISTS, patient({"value": "1", "period": {"start": "2020"}}), []),
    ("Patient", BY_EXISTS, patient({"value": "1"}), ["Patient.telecom"]),
    ("Observation", BY_TYPE, observation(valueQuantity={"value": 1, "unit": "kg"}), []),
    ("Observation", BY_TYPE, observation(valueString="x"), []),
    ("Observation", BY_TYPE, observation(valueQuantity={"value": 1}), ["Observation.value.unit"]),
    ("Bundle", BY_RESOURCE_TYPE, bundle({"resourceType": "Patient"}, {"resourceType": "Group"}),
     []),
    ("Bundle", BY_RESOURCE_TYPE, bundle({"resourceType": "Group"}), ["Bundle.entry"]),
    ("Bundle", BY_RESOURCE_TYPE, bundle({"resourceType": "Patient"}, {"resourceType": "Basic"}),
     ["Bundle.entry[1]"]),
    ("Observation", BY_TARGET_TYPE, target("Practitioner"), []),
    ("Observation", BY_TARGET_TYPE, target("Organization"), ["Observation.performer"]),
    ("Patient", BY_EXTENSION, patient({"value": "1"}), []),
    ("Patient", BY_EXTENSION, patient(EXTENSION), ["Patient.telecom"]),
    ("Patient", CLOSED, identifiers(SYSTEM), []),
    ("Patient", CLOSED, identifiers(SYSTEM, OTHER), ["Patient.identifier[1]"]),
    ("Patient", AT_END, identifiers(SYSTEM, OTHER), []),
    ("Patient", AT_END, identifiers(OTHER, SYSTEM), ["Patient.identifier[1]"]),
    ("Patient", ORDERED, identifiers(SYSTEM, "urn:x", OTHER), []),
    ("Patient", ORDERED, identifiers(OTHER, SYSTEM), ["Patient.identifier[1]"]),
    ("Patient", DEFAULT, identifiers(SYSTEM), []),
    ("Patient", DEFAULT, identifiers(SYSTEM, OTHER), ["Patient.identifier[1].use"]),
    ("Patient", AGAIN, patient({"system": "email"}, {"system": "phone", "use": "home"}), []),
    ("Patient", AGAIN, patient({"system": "phone", "use": "work"}),
     ["Patient.telecom", "Patient.telecom[0]"]),
    ("Patient", WITHOUT, identifiers(SYSTEM), []),
    ("Patient", WITHOUT, identifiers(OTHER), ["Patient.identifier[0]"]),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "elements", "resource", "places"), ROWS)
def test_items_are_judged_by_their_slice(judged, type_, elements, resource, places):
    found = judged(resource, definition(type_, *elements))
    assert sorted(issue.expression for issue in found) == places


def test_an_item_is_in_one_slice_only(judged):
    elements = (
        sliced("identifier", ("pattern", "$this")),
        {"path": "identifier", "sliceName": "a", "patternIdentifier": {"system": SYSTEM}},
        {"path": "identifier", "sliceName": "b", "patternIdentifier": {"value": "0"}},
    )
    (issue,) = judged(identifiers(SYSTEM), definition("Patient", *elements))
    assert issue.expression == "Patient.identifier[0]"


def test_a_slice_is_found_by_the_profile_it_meets(judged):
    inner = definition("Patient", {"path": "photo", "min": 1}, url="http://example.org/photo")
    elements = (
        sliced("entry", ("profile", "resource")),
        {"path": "entry", "sliceName": "seen", "min": 1},
        {"path": "entry.resource", "type": [{"code": "Patient", "profile": [inner["url"]]}]},
    )
    seen = {"resourceType": "Patient", "photo": [{"title": "x"}]}
    outer = definition("Bundle", *elements)
    assert not judged(bundle({"resourceType": "Patient"}, seen), outer, inner)
    (issue,) = judged(bundle({"resourceType": "Patient"}), outer, inner)
    assert issue.expression == "Bundle.entry"


def test_extensions_are_told_apart_by_the_url_of_their_definition(judged):
    url = f"{CORE}patient-birthPlace"
    element = {
        "path": "extension",
        "sliceName": "place",
        "min": 1,
        "type": [{"code": "Extension", "profile": [url]}],
    }
    place = {"url": url, "valueAddress": {"city": "Huế"}}
    there = {"resourceType": "Patient", "extension": [place]}
    assert not judged(there, definition("Patient", element))
    (issue,) = judged({"resourceType": "Patient"}, definition("Patient", element))
    assert issue.expression == "Patient.extension"


@pytest.mark.parametrize("path", ["value.where(true)", "", "a..b", "a.", "extension('x'"])
def test_a_discriminator_that_cannot_be_read_is_told(judged, path):
    elements = (sliced("identifier", ("value", path)), *BY_SYSTEM[1:])
    (issue,) = judged(identifiers(SYSTEM), definition("Patient", *elements))
    assert issue.code == "not-supported"


def test_a_slice_without_what_its_discriminator_needs_is_told(judged):
    elements = (sliced("identifier", ("value", "period")), *BY_SYSTEM[1:])
    (issue,) = judged(identifiers(SYSTEM), definition("Patient", *elements))
    assert "could decide" in issue.diagnostics
