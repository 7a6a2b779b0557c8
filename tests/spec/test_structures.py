"""What stands in a type or a path."""

from fhir_server.spec.spec import load

STRUCTURES = load().structures


def test_a_choice_element_is_one_property_for_each_type():
    keys = STRUCTURES.keys("Patient")
    assert {key for key, found in keys.items() if found.element.name == "deceased"} == {
        "deceasedBoolean",
        "deceasedDateTime",
    }


def test_a_type_has_its_bases_elements_first():
    names = [element.name for element in STRUCTURES.elements("Patient")]
    assert names[:6] == ["id", "meta", "implicitRules", "language", "text", "contained"]
    assert names[-1] == "link"


def test_an_element_defined_in_place_has_its_own_elements():
    contact = STRUCTURES.keys("Patient")["contact"]
    assert (contact.type, contact.content) == ("BackboneElement", "Patient.contact")
    assert {"id", "extension", "modifierExtension", "gender"} <= set(
        STRUCTURES.keys("Patient.contact")
    )
    assert "modifierExtension" not in STRUCTURES.keys("Timing.repeat")


def test_an_element_described_elsewhere_leads_there():
    assert STRUCTURES.keys("Bundle.entry")["link"].content == "Bundle.link"
    assert STRUCTURES.keys("Questionnaire.item")["item"].content == "Questionnaire.item"


def test_a_reference_names_its_targets():
    subject = STRUCTURES.keys("Observation")["subject"].element
    assert subject.types == {"Reference": ("Patient", "Group", "Device", "Location")}


def test_an_age_is_a_quantity_but_a_canonical_is_no_uri():
    assert STRUCTURES.is_a("Age", "Quantity")
    assert STRUCTURES.is_a("Patient", "Resource")
    assert not STRUCTURES.is_a("canonical", "uri")
    assert not STRUCTURES.is_a("nonsense", "uri")


def test_a_path_nobody_defined_has_no_elements():
    assert STRUCTURES.elements("Nobody") == ()
    assert not STRUCTURES.members("Patient", "nickname")


def test_the_children_of_a_type_are_all_of_its_properties():
    structures = load().structures
    found = [member.key for member in structures.children("Annotation")]
    assert found == ["id", "extension", "authorReference", "authorString", "time", "text"]
    assert not structures.children("Nothing")


def test_a_type_and_an_element_defined_in_place_have_a_base():
    structures = load().structures
    bases = [
        structures.base(name) for name in ("code", "Patient", "Patient.contact", "Timing.repeat")
    ]
    assert bases == ["string", "DomainResource", "BackboneElement", "Element"]
    assert [structures.base(name) for name in ("Element", "Nothing", "Patient.name")] == [""] * 3
