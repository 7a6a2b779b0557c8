"""Paths that select places, and what a path may not be."""

import pytest

from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.patch.locate import Ground, located, read
from fhir_server.patch.tree import Effort
from tests.patch.written import patient

RESOURCE = patient(
    name=[
        {
            "use": "official",
            "family": "a",
            "given": ["b", None, "c"],
            "_given": [None, {"id": "x"}],
        },
        {"use": "usual", "given": ["d"]},
    ],
    telecom=[{"rank": 1}, {"rank": 2}],
    deceasedBoolean=False,
    birthDate="2000",
    _birthDate={"extension": [{"url": "u", "valueCode": "v"}]},
    contained=[
        {"resourceType": "Patient", "birthDate": "2000"},
        {"resourceType": "Organization", "name": "o"},
    ],
)


def paths(spec, text, resource=RESOURCE):
    ground = Ground(spec.structures, resource, Effort())
    return [place.path for place in located(ground, read(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient", [()]),
        ("Resource", [()]),
        ("name", [("name", 0), ("name", 1)]),
        ("Patient.name[1].given", [("name", 1, "given", 0)]),
        ("Patient.name.first().given", [("name", 0, "given", n) for n in (0, 1, 2)]),
        ("Patient.name.given.last()", [("name", 1, "given", 0)]),
        ("Patient.name[2]", []),
        ("Patient.name.where(use = 'usual')", [("name", 1)]),
        ("Patient.name.where(given = 'd' and family.empty()).use", [("name", 1, "use")]),
        ("Patient.name.where(family.exists() or use != 'usual')", [("name", 0)]),
        ("Patient.name.given.where($this = 'c')", [("name", 0, "given", 2)]),
        ("Patient.name.given.id", [("name", 0, "_given", 1, "id")]),
        ("Patient.telecom.where(rank = 2)", [("telecom", 1)]),
        ("Patient.deceased", [("deceasedBoolean",)]),
        ("Patient.deceased.ofType(boolean)", [("deceasedBoolean",)]),
        ("(Patient.deceased as dateTime)", []),
        ("Patient.birthDate.extension('u').value", [("_birthDate", "extension", 0, "valueCode")]),
        ("Patient.contained.where($this is Organization).name", [("contained", 1, "name")]),
        ("Patient.contained.where(id = 'x')", []),
        ("Patient.contained.birthDate", [("contained", 0, "birthDate")]),
    ],
)
def test_a_path_selects_places(spec, text, expected):
    assert paths(spec, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Patient.",
        "Patient.name[",
        "Patient.name | Patient.contact",
        "Patient.managingOrganization.resolve()",
        "Patient.name.exists()",
        "Patient.name['a']",
        "Patient.name[99999999999999999999]",
        "Patient.name.where()",
        "Patient.name.where(given.where($this = 'a').exists())",
        "Patient.name.where(%resource.name.exists())",
        "Patient.name.where(extension(url).exists())",
        "Patient.name.where(resolve() is Patient)",
        "Patient.name.first(1)",
        "%resource.name",
        "'a'",
        "a" * 1001,
        "a" + ".a" * 499,
        "(" * 400 + "a" + ")" * 400,
    ],
)
def test_what_is_no_selection_is_refused(spec, text):
    with pytest.raises(FhirPathError):
        paths(spec, text)


@pytest.mark.parametrize(
    "text", ["Person", "nickname", "Patient.name.nickname", "name.where(x = 1)"]
)
def test_what_the_type_does_not_have_is_told(spec, text):
    with pytest.raises(FhirPathError):
        paths(spec, text)


def test_a_name_that_is_no_element_is_not_kept(spec):
    before = len(spec.structures._members)
    with pytest.raises(FhirPathError):
        paths(spec, "Patient.nobodyKnowsThis")
    assert len(spec.structures._members) == before
