"""Snapshots: what a differential makes of its base; HL7's own profiles come out as HL7 has them."""

from typing import Any

import pytest

from fhir_server.spec.canonicals import Canonicals
from fhir_server.spec.snapshots import snapshot
from fhir_server.spec.tables import SpecError

CORE = "http://hl7.org/fhir/StructureDefinition/"
KNOWN = Canonicals()
# Where HL7's snapshot in the package is not what its differential says.
DIFFERENT = {
    "bp": "slices of components constrain valueQuantity without the slice of value[x] others have",
    "catalog": "lacks the element Composition.date",
    "clinicaldocument": "the extension's maximum of 1 is not taken over",
    "elementdefinition-de": "repeats the elements of extensions it says nothing of",
    "familymemberhistory-genetic": "lacks elements of FamilyMemberHistory",
    "provenance-relevant-history": "a slice does not have the binding of what it is a slice of",
}


def find(url: str) -> Any:
    return next(KNOWN.find("StructureDefinition", url.partition("|")[0]), None)


def profile(*elements: dict[str, Any], base: str = "Patient", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/p",
        "type": "Patient",
        "derivation": "constraint",
        "baseDefinition": base if ":" in base else CORE + base,
        "differential": {"element": list(elements)},
        **more,
    }


def made(*elements: dict[str, Any], **more: Any) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in snapshot(profile(*elements, **more), find)}


def compared(element: dict[str, Any], inherited: set[str]) -> dict[str, Any]:
    """Give what must agree; rules of the types a profile is built on stand elsewhere."""
    kept = {key: value for key, value in element.items() if key.startswith(("fixed", "pattern"))}
    slicing, binding = element.get("slicing"), element.get("binding", {})
    return {
        **kept,
        **{key: element.get(key) for key in ("path", "sliceName", "min", "max", "mustSupport")},
        "type": [
            {k: v for k, v in one.items() if k != "extension"} for one in element.get("type", ())
        ],
        "binding": (binding.get("strength"), binding.get("valueSet")),
        "slicing": slicing and (slicing.get("discriminator", []), slicing.get("rules")),
        "rules": {rule["key"] for rule in element.get("constraint", ())} - inherited,
    }


def test_hl7s_profiles_come_out_as_hl7_has_them():
    every = [find(url) for url in KNOWN.urls("StructureDefinition")]
    types = [one for one in every if one.get("derivation") != "constraint"]
    inherited = {
        rule["key"]
        for one in types
        for element in one["snapshot"]["element"]
        for rule in element.get("constraint", ())
    }
    different = set()
    for one in every:
        if one.get("derivation") == "constraint":
            bare = {key: value for key, value in one.items() if key != "snapshot"}
            ours = {e["id"]: compared(e, inherited) for e in snapshot(bare, find)}
            theirs = {e["id"]: compared(e, inherited) for e in one["snapshot"]["element"]}
            if list(ours.items()) != list(theirs.items()):
                different.add(one["url"].rpartition("/")[2])
    assert len(every) > 600
    assert different == set(DIFFERENT)


def test_a_snapshot_that_is_there_is_taken():
    there = [{"id": "Patient", "path": "Patient", "min": 0, "max": "*"}]
    assert snapshot({"url": "http://example.org/p", "snapshot": {"element": there}}, find) == there


def test_an_element_says_what_the_differential_says_and_keeps_the_rest():
    found = made({"path": "Patient.birthDate", "min": 1, "mustSupport": True})
    birth = found["Patient.birthDate"]
    assert (birth["min"], birth["max"], birth["mustSupport"]) == (1, "1", True)
    assert birth["type"] == [{"code": "date"}]
    assert found["Patient.name"]["min"] == 0


def test_data_types_are_opened_where_the_differential_goes_into_them():
    found = made({"path": "Patient.name.period.start", "min": 1})
    assert found["Patient.name.period.start"]["type"] == [{"code": "dateTime"}]
    assert found["Patient.name.period.end"]["min"] == 0
    assert "Patient.identifier.system" not in found


def test_a_short_form_leaves_its_types_and_slices_them():
    found = made(
        {"path": "Patient.deceasedBoolean", "max": "0"},
        {"path": "Patient.deceasedDateTime", "min": 1},
    )
    assert [one["code"] for one in found["Patient.deceased[x]"]["type"]] == ["boolean", "dateTime"]
    assert found["Patient.deceased[x]:deceasedBoolean"]["type"] == [{"code": "boolean"}]
    assert found["Patient.deceased[x]:deceasedDateTime"]["min"] == 1


def test_slices_are_found_by_id_or_by_name_and_path():
    by_url = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    named = made(
        {"path": "Patient.identifier", "slicing": by_url, "min": 1},
        {"path": "Patient.identifier", "sliceName": "mine", "max": "1"},
        {"path": "Patient.identifier.system", "fixedUri": "http://example.org/i"},
    )
    by_id = made(
        {"id": "Patient.identifier", "path": "Patient.identifier", "slicing": by_url, "min": 1},
        {"id": "Patient.identifier:mine", "path": "Patient.identifier", "max": "1"},
        {
            "id": "Patient.identifier:mine.system",
            "path": "Patient.identifier.system",
            "fixedUri": "http://example.org/i",
        },
    )
    assert named == by_id
    assert named["Patient.identifier:mine"]["min"] == 0
    assert named["Patient.identifier:mine.system"]["fixedUri"] == "http://example.org/i"
    assert "fixedUri" not in named.get("Patient.identifier.system", {})


def test_a_slice_is_sliced_again():
    found = made(
        {"path": "Patient.telecom", "slicing": {"rules": "open"}},
        {"path": "Patient.telecom", "sliceName": "phone", "slicing": {"rules": "closed"}},
        {"path": "Patient.telecom", "sliceName": "phone/home", "min": 1},
    )
    ids = [one for one in found if one.startswith("Patient.telecom")]
    assert ids == ["Patient.telecom", "Patient.telecom:phone", "Patient.telecom:phone/home"]


def test_an_extension_stands_as_often_as_its_definition_says():
    birth_place = f"{CORE}patient-birthPlace"
    found = made(
        {
            "path": "Patient.extension",
            "sliceName": "place",
            "type": [{"code": "Extension", "profile": [birth_place]}],
        }
    )
    assert found["Patient.extension"]["slicing"]["discriminator"][0]["path"] == "url"
    assert found["Patient.extension:place"]["max"] == "1"


def test_what_an_element_repeats_is_opened():
    found = {
        one["id"]: one
        for one in snapshot(
            profile({"path": "Questionnaire.item.item.text", "min": 1}, base="Questionnaire"), find
        )
    }
    assert found["Questionnaire.item.item.text"]["min"] == 1
    assert found["Questionnaire.item.text"]["min"] == 0
    assert found["Questionnaire.item.item.item"]["contentReference"] == "#Questionnaire.item"


def test_what_repeats_an_element_repeats_it_as_the_base_has_it():
    part = "Parameters.parameter.part"
    slicing = {"rules": "open", "discriminator": [{"type": "value", "path": "name"}]}
    elements = [
        {"path": part, "slicing": slicing},
        {"path": part, "id": f"{part}:one", "sliceName": "one"},
        {"path": f"{part}.name", "id": f"{part}:one.name", "fixedString": "one"},
    ]
    ids = [one["id"] for one in snapshot(profile(*elements, base="Parameters"), find)]
    assert f"{part}:one.part" in ids
    assert f"{part}:one.part:one" not in ids


def test_rules_add_up_and_say_where_they_are_from():
    found = made({"path": "Patient", "constraint": [{"key": "x-1", "expression": "true"}]})
    (rule,) = [one for one in found["Patient"]["constraint"] if one["key"] == "x-1"]
    assert rule["source"] == "http://example.org/p"


def test_a_type_of_ones_own_adds_elements():
    definition = profile(
        {"path": "Toy", "min": 0, "max": "*"},
        {"path": "Toy.wheels", "min": 1, "max": "1", "type": [{"code": "integer"}]},
        base="DomainResource",
        type="http://example.org/Toy",
        derivation="specialization",
    )
    found = {one["id"]: one for one in snapshot(definition, find)}
    assert found["Toy.wheels"]["type"] == [{"code": "integer"}]
    assert "Toy.text" in found


def test_definitions_built_on_themselves_are_refused():
    circle = {
        "http://example.org/a": profile(base="http://example.org/b", url="http://example.org/a"),
        "http://example.org/b": profile(base="http://example.org/a", url="http://example.org/b"),
    }
    with pytest.raises(SpecError, match=r"built on itself: .*a → .*b → .*a"):
        snapshot(circle["http://example.org/a"], lambda url: circle.get(url) or find(url))


def test_a_type_profile_that_opens_itself_for_ever_is_bounded():
    url = "http://example.org/p"
    parts = ".".join(["extension"] * 70)
    with pytest.raises(SpecError, match="deeper than 64"):
        made({"path": f"Patient.{parts}", "min": 1}, url=url)


@pytest.mark.parametrize(
    ("elements", "told"),
    [
        ([{"path": "Patient.wheels"}], "Patient.wheels is no element of its base"),
        ([{"path": "Patient.birthDate.wheels"}], "is no element"),
        ([{"path": "Observation.code"}], "does not begin with Patient"),
        ([{"min": 1}], "no path"),
    ],
)
def test_a_differential_that_does_not_fit_is_refused(elements, told):
    with pytest.raises(SpecError, match=told):
        made(*elements)


def test_a_base_that_is_not_known_is_named():
    with pytest.raises(SpecError, match=r"http://example\.org/none, is not known"):
        made(base="http://example.org/none")
