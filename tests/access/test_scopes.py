"""Scopes are read strictly, and their algebra agrees with the sets of what they allow."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.access.scopes import (
    Scope,
    covers,
    each,
    intersection,
    levels,
    narrowed,
    parse,
    text_of,
    union,
)

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"

# A world small enough to ask everything of: what a resource has by parameter.
TYPES = ("Observation", "Condition")
LETTERS = "cruds"
VALUES = ("a", "b", "c")
SUBSETS = [
    frozenset(v for v, on in zip(VALUES, bits, strict=True) if on)
    for bits in product((0, 1), repeat=3)
]
RESOURCES = [{"_tag": tags, "category": cats} for tags in SUBSETS for cats in SUBSETS]
POINTS = [(t, x, i) for t in TYPES for x in LETTERS for i in range(len(RESOURCES))]

value = st.lists(st.sampled_from(VALUES), min_size=1, max_size=3).map(",".join)
parameter = st.tuples(st.sampled_from(("_tag", "category")), value)


@st.composite
def texts(draw):
    type_ = draw(st.sampled_from((*TYPES, "*")))
    if draw(st.integers(0, 5)) == 0:
        return f"patient/{type_}.{draw(st.sampled_from(('read', 'write', '*')))}"
    letters = "".join(x for x in LETTERS if draw(st.booleans())) or draw(st.sampled_from(LETTERS))
    asked = draw(st.lists(parameter, max_size=3))
    if type_ == "*":
        asked = [("_tag", text) for _, text in asked]
    query = "&".join(f"{name}={text}" for name, text in asked)
    level = draw(st.sampled_from(("patient", "patient", "user")))
    return f"{level}/{type_}.{letters}" + (f"?{query}" if query else "")


def allowed(scope: Scope) -> frozenset:
    """Everything a scope allows, by looking at each thing there is."""
    return frozenset(
        (scope.level, *point)
        for point in POINTS
        if scope.type in {"*", point[0]}
        and point[1] in scope.letters
        and all(set(text.split(",")) & RESOURCES[point[2]][name] for name, text in scope.parameters)
    )


def all_of(scopes) -> frozenset:
    return frozenset().union(*(allowed(scope) for scope in scopes))


@pytest.mark.parametrize(
    "text",
    [
        "patient/Observation.rs",
        "user/*.cruds",
        "system/Patient.r",
        f"patient/Observation.rs?category={CATEGORY}",
        "patient/*.rs?_security=N",
        "patient/Observation.rs?category=a,b&code=c",
        "system/$submit-document",
        "launch",
        "launch/patient",
        "launch/encounter",
        "launch/diagnosticreport",
        "launch/list?role=https://example.org/at-home",
        "openid",
        "fhirUser",
        "offline_access",
        "online_access",
        "label/HIV",
        "patient/*.read",
        "patient/Observation.write",
        "user/*.*",
    ],
)
def test_a_scope_is_written_as_it_was_read(spec, text):
    assert str(parse(text, spec)) == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("patient/*.read", "patient/*.rs"),
        ("user/Patient.write", "user/Patient.cud"),
        ("system/*.*", "system/*.cruds"),
    ],
)
def test_a_scope_of_smart_1_means_its_letters(spec, old, new):
    assert parse(old, spec) == parse(new, spec)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "patient",
        "patient/",
        "patient/.rs",
        "patient/Observation",
        "patient/Observation.",
        "patient/Observation.sr",
        "patient/Observation.rr",
        "patient/Observation.rsx",
        "patient/Observation.R",
        "patient/observation.rs",
        "Patient/Observation.rs",
        "patient/Observatory.rs",
        "patient/Resource.rs",
        "patient/Observation.read.write",
        "patient/Observation.read?category=a",
        "patient/Observation.rs?",
        "patient/Observation.rs?category",
        "patient/Observation.rs?category=",
        "patient/Observation.rs?category=a,",
        "patient/Observation.rs?category=a&",
        "patient/Observation.rs?category:not=a",
        "patient/Observation.rs?subject.name=a",
        "patient/Observation.rs?_has:Provenance:target:agent=a",
        "patient/Observation.rs?_filter=a",
        "patient/Observation.rs?_text=a",
        "patient/Observation.rs?_count=1",
        "patient/Observation.rs?unknown=a",
        "patient/*.rs?category=a",
        "patient/*.rs?code=a",
        "patient%2fObservation.rs",
        "patient/Observation.rs?category=a%2fb",
        "patient/Observation.rs?category=a b",
        'patient/Observation.rs?category="a"',
        "patient/Observation.rs?category=a\\,b",
        "patient/Observatión.rs",
        "patient/Observation.rs\n",
        "practitioner/Observation.rs",
        "patient/$everything",
        "user/$reindex",
        "system/$",
        "system/$Reindex",
        "system/$reindex.rs",
        "launch/Patient",
        "launch/nothing",
        "label/",
        "label/hiv",
        "label/HIV R",
        "admin",
        "patient/Observation.rs?category=" + "a" * 1_000,
        "patient/Observation.rs?" + "&".join(["category=a"] * 11),
    ],
)
def test_what_is_no_scope_is_refused_with_words(spec, text):
    with pytest.raises(ValueError, match=r"\w+ .*\w+"):
        parse(text, spec)


def test_scopes_are_read_in_order_and_once(spec):
    scopes = each("openid  patient/*.read openid patient/*.rs launch", spec)
    assert text_of(scopes) == "openid patient/*.read launch"


def test_levels_are_those_of_access_not_of_words(spec):
    assert levels(each("openid patient/*.rs system/$reindex", spec)) == {"patient", "system"}


def test_parameters_are_in_one_order_and_none_implies_another(spec):
    scope = parse("patient/Observation.rs?code=y,x,y&category=b&code=x", spec)
    assert str(scope) == "patient/Observation.rs?category=b&code=x"


def test_a_wildcard_is_narrowed_to_what_was_granted(spec):
    granted = each("patient/Observation.rs patient/Condition.r openid", spec)
    wanted = each("openid patient/*.read patient/Observation.s system/*.rs", spec)
    assert text_of(narrowed(granted, wanted)) == (
        "openid patient/Condition.r patient/Observation.read patient/Observation.s"
    )


def test_an_operation_is_covered_by_itself_only(spec):
    everything, operation = each("system/*.cruds system/$reindex", spec)
    assert not covers(everything, operation)
    assert not covers(operation, everything)
    assert intersection(everything, operation) is None
    assert covers(operation, operation)


def test_the_union_joins_letters_and_leaves_out_what_is_covered(spec):
    scopes = each("patient/Observation.r patient/Observation.s patient/*.rs openid", spec)
    assert text_of(union(scopes)) == "openid patient/*.rs"


@given(text=texts())
def test_reading_what_was_written_gives_the_same(spec, text):
    scope = parse(text, spec)
    again = parse(str(scope), spec)
    assert (again, again.v1, str(again)) == (scope, scope.v1, str(scope))


@given(one=texts(), other=texts(), third=texts())
def test_covering_is_a_partial_order_that_is_never_wrong(spec, one, other, third):
    a, b, c = (parse(text, spec) for text in (one, other, third))
    assert covers(a, a)
    assert not (covers(a, b) and covers(b, a)) or a == b
    assert not (covers(a, b) and covers(b, c)) or covers(a, c)
    assert covers(a, b) == (allowed(a) >= allowed(b))


@given(one=texts(), other=texts(), third=texts())
def test_the_intersection_allows_what_both_do_and_is_the_greatest(spec, one, other, third):
    a, b, c = (parse(text, spec) for text in (one, other, third))
    met = intersection(a, b)
    assert (allowed(met) if met else frozenset()) == allowed(a) & allowed(b)
    assert met == intersection(b, a)
    if met:
        assert covers(a, met)
        assert covers(b, met)
    if covers(a, c) and covers(b, c):
        assert met
        assert covers(met, c)


@given(scopes=st.lists(texts(), max_size=5))
def test_the_union_allows_the_same_in_one_normal_form(spec, scopes):
    parsed = [parse(text, spec) for text in scopes]
    joined = union(parsed)
    assert all_of(joined) == all_of(parsed)
    assert union(joined) == joined == union(reversed(parsed))


@given(granted=st.lists(texts(), max_size=4), wanted=st.lists(texts(), max_size=4))
def test_narrowing_gives_what_was_wanted_and_granted_and_no_more(spec, granted, wanted):
    had, asked = [[parse(text, spec) for text in part] for part in (granted, wanted)]
    assert all_of(narrowed(had, asked)) == all_of(had) & all_of(asked)
