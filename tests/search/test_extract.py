"""The generated functions give what the paths' own closures give, whatever an expression says."""

from dataclasses import replace
from pathlib import Path

import pytest

from fhir_server.fhir import json
from fhir_server.fhirpath.paths import compile_path
from fhir_server.search.extract import extractor, source
from fhir_server.search.kinds import SIDES, kind_of
from fhir_server.search.place import Place
from tests.spec.values import values

EXAMPLES = sorted((Path(__file__).parents[1] / "conformance" / "r4_examples").glob("*.json"))
PLACE = Place(("https://health.example.org/fhir",))
# What a component has in an item.
ITEMS = {f"{name}{more}" for name in "abc" for more in ("", ":ucum")}
DEEP = "Questionnaire" + ".item" * 30 + ".linkId"


def by_closures(spec, resource):
    found = {}
    for param in spec.indexed_params(resource["resourceType"]).values():
        kind = kind_of(param)
        if kind and kind.writes:
            found |= collected(param, kind.writes, values(param, resource))
        elif kind and param.parts and (items := list(composed(param, values(param, resource)))):
            found[param.code] = items
    return found


def collected(param, writes, told):
    into = [made() for made in writes.into.values()]
    for kind, value in told:
        writes.adds(kind)(value, PLACE, *into)
    scalar = writes.scalar and param.single
    return {
        param.code + suffix: next(iter(some)) if scalar and len(some) == 1 else list(some)
        for suffix, some in zip(writes.into, into, strict=True)
        if some
    }


def composed(param, items):
    for _, parts in items:
        pairs = zip(param.components, parts, strict=True)
        sides = [collected(one, SIDES[one.type], told) for one, told in pairs]
        if all(one.code in side for one, side in zip(param.components, sides, strict=True)):
            named = {name: value for side in sides for name, value in side.items()}
            yield {name: named[name] for name in named if name in ITEMS}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_generated_is_as_interpreted(spec, path):
    resource = json.parse_object(path.read_bytes())
    fields, told = (
        extractor(spec, resource["resourceType"])(resource, PLACE),
        by_closures(spec, resource),
    )
    assert fields == told
    assert [*fields] == [*told]


@pytest.mark.parametrize(
    "odd",
    [None, [], [None], {}, [{}], "a", "", 1, True, [[]], ["2026"], [1, {"coding": None}], "2026"]
    + [{"reference": one} for one in (None, "", "#a", "Patient/1", "Group/1", 1)]
    + [{"reference": "Patient/1", "identifier": {"value": "1"}}, {"identifier": {"value": "1"}}],
)
def test_what_is_not_of_its_type_is_passed_over_as_before(spec, odd):
    names = (
        "status",
        "subject",
        "component",
        "effectiveDateTime",
        "effectivePeriod",
        "valueString",
    )
    for some in (names, *((name,) for name in names)):
        resource = {"resourceType": "Observation", **dict.fromkeys(some, odd)}
        assert extractor(spec, "Observation")(resource, PLACE) == by_closures(spec, resource)
    resource = {"resourceType": "ValueSet", "url": odd, "title": odd, "date": odd}
    assert extractor(spec, "ValueSet")(resource, PLACE) == by_closures(spec, resource)


def test_the_text_of_every_type_can_be_shown_and_is_python(spec):
    for type_ in ("Patient", "Observation", "Bundle"):
        text, _ = source(spec, type_)
        assert text.startswith("def fields(resource, place):")
        compile(text, "text", "exec")


def test_what_several_parameters_make_of_an_element_is_made_once(spec):
    text, _ = source(spec, "Observation")
    [code] = [line.split()[0] for line in text.splitlines() if line.endswith("= get('code')")]
    assert len([line for line in text.splitlines() if f" in {code} if type" in line]) == 1


def with_expression(spec, type_, expression):
    """Give the definitions with one parameter of the type, of this expression."""
    param = spec.search_params(type_)["_profile"]
    flow = compile_path(spec.structures, expression, type_)
    made = replace(param, code="own", flow=flow, roots=flow.roots)
    return replace(spec, stored={type_: {"own": made}})


def test_a_path_deeper_than_python_nests_is_walked_all_the_same(spec):
    level = {"linkId": "deep"}
    for _ in range(30):
        level = {"item": [level]}
    known = with_expression(spec, "Questionnaire", DEEP)
    fields = extractor(known, "Questionnaire")({"resourceType": "Questionnaire", **level}, PLACE)
    assert fields["own"] == ["deep"]


def test_what_an_expression_quotes_is_text_to_the_generated_code(spec):
    trap = "x'] or exit() #\\n"
    known = with_expression(
        spec, "Patient", "Patient.name.where(use = 'x\\'] or exit() #\\\\n').family"
    )
    resource = {"resourceType": "Patient", "name": [{"use": trap, "family": "Thử"}]}
    assert extractor(known, "Patient")(resource, PLACE)["own"] == ["Thử"]


def test_each_value_of_a_union_is_given_once(spec):
    known = with_expression(
        spec, "Patient", "Patient.link.other.reference | Patient.link.other.reference"
    )
    resource = {"resourceType": "Patient", "link": [{"other": {"reference": "Patient/a-long-id"}}]}
    assert extractor(known, "Patient")(resource, PLACE)["own"] == ["Patient/a-long-id"]
