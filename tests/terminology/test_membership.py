"""Whether one code is in a ValueSet: the same as its expansion says, and more where none can be."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.code_system import code_system_of
from fhir_server.terminology.expand import Expansion
from fhir_server.terminology.known import KNOWN
from fhir_server.terminology.membership import Membership
from fhir_server.terminology.value_set import value_set_of
from tests.terminology.systems import ANIMALS, SET, SYSTEM, clause, code_system, value_set

GONE = "http://example.org/gone"
UCUM = "http://unitsofmeasure.org"
CODES = ("mammal", "cat", "lynx", "bat", "bird", "hen", "griffin")


def asked(*sets, systems=(ANIMALS,)):
    value_sets = {one["url"]: value_set_of(one) for one in sets}
    known = {one["url"]: code_system_of(one) for one in systems} | dict(KNOWN)
    membership = Membership(value_sets.get, known.get)
    return lambda system, code: membership.member(sets[0]["url"], system, code)


SETS = [
    [value_set("v", clause())],
    [value_set("v", clause(SYSTEM, ["cat", "hen"]))],
    [value_set("v", clause(SYSTEM, None, ("concept", "is-a", "mammal"), ("legs", "=", "2")))],
    [value_set("v", clause(SYSTEM, ["cat", "bat"], ("legs", "=", "2")))],
    [value_set("v", clause(), exclude=[clause(SYSTEM, ["cat"])])],
    [value_set("v", clause(), exclude=[clause(SYSTEM, None, ("concept", "is-a", "bird"))])],
    [value_set("v", clause(), inactive=False)],
    [value_set("v", clause(SYSTEM, ["lynx"]), inactive=False)],
    [
        value_set("v", clause(None, valueSet=[f"{SET}w", f"{SET}x"])),
        value_set("w", clause(SYSTEM, ["cat", "hen"])),
        value_set("x", clause(SYSTEM, None, ("concept", "is-a", "bird"))),
    ],
    [value_set("v", clause(SYSTEM, valueSet=[f"{SET}w"])), value_set("w", clause(SYSTEM, ["cat"]))],
]


@pytest.mark.parametrize("sets", SETS)
def test_a_code_is_in_a_set_where_its_expansion_has_it(sets):
    expansion = Expansion(
        {one["url"]: value_set_of(one) for one in sets}, {SYSTEM: code_system_of(ANIMALS)}, 100
    )
    listed = expansion.codes(sets[0]["url"]).get(SYSTEM, {})
    member = asked(*sets)
    for code in (*CODES, "none"):
        assert member(SYSTEM, code) is (code in listed), code
        assert member("", code) is (code in listed), code
        assert member("http://example.org/other", code) is False


@pytest.mark.parametrize(
    ("made", "answers"),
    [
        (value_set("v", clause(GONE)), {"a": None}),
        (value_set("v", clause(GONE, ["a"])), {"a": True, "b": False}),
        (value_set("v", clause(GONE, ["a"]), clause(GONE)), {"a": True, "b": None}),
        (value_set("v", clause(GONE, None, ("concept", "is-a", "a"))), {"a": None}),
        (value_set("v", clause(GONE), exclude=[clause(GONE, ["a"])]), {"a": False, "b": None}),
        (
            value_set("v", clause(GONE, ["a"]), exclude=[clause(GONE, None, ("x", "=", "1"))]),
            {"a": None, "b": False},
        ),
        (value_set("v"), {"a": False}),
    ],
)
def test_what_needs_codes_that_are_not_here_cannot_be_told(made, answers):
    member = asked(made)
    assert {code: member(GONE, code) for code in answers} == answers


def test_a_fragment_tells_only_what_it_lists():
    part = code_system([{"code": "a"}], GONE, content="fragment")
    member = asked(value_set("v", clause(GONE)), systems=[part])
    assert member(GONE, "a") is True
    assert member(GONE, "b") is None


def test_a_system_of_a_grammar_is_asked():
    member = asked(value_set("v", clause(UCUM)))
    assert member(UCUM, "mg/dL") is True
    assert member(UCUM, "nonsense") is False


def test_a_version_counts_where_both_name_one():
    member = asked(value_set("v", clause(SYSTEM, ["cat"], version="2")))
    assert member(SYSTEM, "cat") is True
    assert member(f"{SYSTEM}|2", "cat") is True
    assert member(f"{SYSTEM}|1", "cat") is False


def test_a_set_that_imports_itself_is_refused():
    one = value_set("one", clause(None, valueSet=[f"{SET}two"]))
    two = value_set("two", clause(None, valueSet=[f"{SET}one"]))
    with pytest.raises(Invalid, match=r"one → .*two → .*one") as caught:
        asked(one, two)(SYSTEM, "cat")
    assert caught.value.issues[0].code == "processing"
    with pytest.raises(Invalid, match="is not known"):
        asked(value_set("v", clause(None, valueSet=[f"{SET}none"])))(SYSTEM, "cat")


def test_sets_that_import_each_other_over_and_over_take_no_time():
    """Thirty levels that each import the next twice are a billion ways, walked once."""
    twice = [
        value_set(str(number), *[clause(None, valueSet=[f"{SET}{number + 1}"])] * 2)
        for number in range(30)
    ]
    member = asked(*twice, value_set("30", clause(SYSTEM, ["cat"])))
    assert member(SYSTEM, "cat") is True
    assert member(SYSTEM, "hen") is False


def test_too_much_work_is_refused():
    many = code_system([{"code": str(number)} for number in range(30_000)])
    each = [clause(SYSTEM, None, ("concept", "=", str(number))) for number in range(100)]
    with pytest.raises(Invalid, match="too many filters") as caught:
        asked(value_set("v", *each), systems=[many])(SYSTEM, "200")
    assert caught.value.issues[0].code == "too-costly"
