"""Field profiles: read from Measures, asked of a visit's resources."""

import json
from datetime import UTC, datetime

import pytest

from mappings.plugin import plugin
from mappings.quality.field_profile import (
    Field,
    FieldProfile,
    ProfileError,
    check,
    completeness,
    profiles_in,
)

NOW = datetime(2025, 9, 2, tzinfo=UTC)
PATIENT = {"resourceType": "Patient", "name": [{"family": "Nguyễn"}], "birthDate": "1990-02-28"}


@pytest.fixture(scope="module")
def book():
    (folder,) = plugin("http://example.org/").definitions
    (profile,) = profiles_in(folder / "quality")
    return profile


def profile(*fields):
    return FieldProfile("p", "P", fields)


def test_the_book_has_its_46_fields_and_the_templates_none(book, spec):
    assert book.name == "skdt-46"
    assert [field.code for field in book.fields] == [f"{number:02}" for number in range(1, 47)]
    check(spec, [book])


def test_a_field_is_missing_where_its_path_yields_nothing_on_any_resource(spec):
    asked = profile(Field("1", "", "Patient.name.family"), Field("2", "", "Patient.gender"))
    assert completeness(spec, asked, [PATIENT], NOW).missing == ("2",)
    other = {"resourceType": "Patient", "gender": "female"}
    assert completeness(spec, asked, [PATIENT, other], NOW).missing == ()


def test_a_field_is_asked_only_where_it_applies(spec):
    guardian = Field(
        "12", "", "Patient.contact.name", "Patient.where(birthDate > today() - 16 years)"
    )
    adult = completeness(spec, profile(guardian), [PATIENT], NOW)
    child = completeness(spec, profile(guardian), [PATIENT | {"birthDate": "2015-01-01"}], NOW)
    assert (adult.asked, adult.missing) == (0, ())
    assert (child.asked, child.missing) == (1, ("12",))


def test_an_expression_may_ask_for_the_resource_it_stands_in(spec):
    around = profile(
        Field("1", "", "Patient.name.where(%resource.birthDate.exists())"),
        Field("2", "", "Patient.managingOrganization.resolve().name"),
    )
    inside = {"resourceType": "Organization", "id": "o", "name": "O"}
    whole = PATIENT | {"contained": [inside], "managingOrganization": {"reference": "#o"}}
    assert completeness(spec, around, [whole], NOW).missing == ()
    unborn = {"resourceType": "Patient", "name": PATIENT["name"]}
    assert completeness(spec, around, [unborn], NOW).missing == ("1", "2")


def test_an_expression_that_fails_on_a_visit_finds_nothing(spec):
    broken = profile(Field("1", "", "Patient.name.single().family"))
    two = PATIENT | {"name": [{"family": "a"}, {"family": "b"}]}
    assert completeness(spec, broken, [two], NOW).missing == ("1",)


@pytest.mark.parametrize("expression", ["Patient.name.", "name.family", "Patient.bogus()"])
def test_an_expression_that_cannot_be_used_is_named(spec, expression):
    with pytest.raises(ProfileError, match="p: "):
        check(spec, [profile(Field("1", "", expression))])


def test_a_measure_that_is_no_field_profile_is_named(tmp_path):
    measure = {"resourceType": "Measure", "id": "x", "status": "active", "group": [{}]}
    (tmp_path / "x.json").write_text(json.dumps(measure))
    with pytest.raises(ProfileError, match=r"x\.json"):
        profiles_in(tmp_path)
