"""No expression runs for ever, makes too much, or ends in anything but FhirPathError."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhirpath.language import Environment, Exceeded, compile_expression
from fhir_server.fhirpath.language.regex import compiled
from fhir_server.fhirpath.syntax import FhirPathError
from tests.fhirpath.language.conftest import PATIENT, definitions, environment, item, shown
from tests.fhirpath.language.test_language import ROWS

GROWING = "(1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10)"


def evaluate(model, text, resource=PATIENT, **known):
    return compile_expression(model, text).evaluate(item(resource), environment(resource, **known))


@pytest.mark.parametrize(
    "expression",
    [
        "(1).repeat($this + 1)",
        "('a').repeat($this & 'a')",
        GROWING + f".select({GROWING})" * 7,
        GROWING + f".select({GROWING})" * 5 + ".count()",
        "('a').aggregate($this)" + ".select($this.combine($this))" * 40,
        "(" + "'0123456789'" + ".replace('0', '00000000000000000000')" * 60 + ").length()",
        "name" + ".combine(name)" + ".select(%resource.descendants().combine($this))" * 9,
    ],
)
def test_what_would_go_on_or_grow_is_stopped(model, expression):
    with pytest.raises(Exceeded):
        evaluate(model, expression, steps=100_000)


def test_the_budget_is_the_callers(model):
    assert len(evaluate(model, "name.select(given)", steps=100)) == 3
    with pytest.raises(Exceeded, match="too many steps"):
        evaluate(model, "name.select(given)", steps=3)


def test_a_resource_that_is_nested_too_deep_is_refused(model):
    inner = {}
    for _ in range(400):
        inner = {"extension": [inner]}
    with pytest.raises(Exceeded, match="nested"):
        evaluate(model, "descendants().count()", {**PATIENT, "extension": [inner]})


@pytest.mark.parametrize(
    "text",
    ["a.b" + ".c" * 200, "1" + "+1" * 200, "(" * 10_000, "-" * 200 + "1"],
)
def test_an_expression_that_is_nested_too_deep_is_refused(model, text):
    with pytest.raises(FhirPathError, match="too deeply"):
        compile_expression(model, text)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(a*)*b", "(.*a){12}b", "(a?){40}a{40}b", "a*a*a*a*a*a*b"]
)
def test_the_steps_of_a_hostile_pattern_grow_with_the_text_only(pattern):
    spent = []
    assert not compiled(pattern).matches("a" * 100 + "c", spent.append)
    once = sum(spent)
    assert compiled(pattern).search("a" * 200 + "c", 0, spent.append) is None
    assert sum(spent) - once < 3 * once


@pytest.mark.parametrize("pattern", ["a{999}{999}", "(" * 40 + "a" + ")" * 40, "a" * 1001, "[z-a]"])
def test_a_pattern_that_is_too_much_is_refused(pattern):
    with pytest.raises(FhirPathError, match="not supported"):
        compiled(pattern)


MATCHED = [
    ("a|ab", "ab", "a"),
    ("a*?b", "aab", "aab"),
    ("a+?", "aa", "a"),
    ("[^a-c]+", "abxyc", "xy"),
    (r"\bb\b", "a b c", "b"),
    (r"\d{2,3}", "1 1234", "123"),
    ("a{2}", "aaa", "aa"),
    ("x|", "ax", ""),
    ("(a|b)*c", "ababc", "ababc"),
    ("(?:ab)?c$", "abcabc", "abc"),
    ("[]a]+", "x]a", "]a"),
    (r"[\[x]+", "[x", "[x"),
    (r"\.\+", "a.+", ".+"),
    ("^$", "", ""),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), MATCHED)
def test_a_pattern_matches_first_what_is_written_first(pattern, text, expected):
    start, end = compiled(pattern).search(text, 0, lambda _steps: None)[:2]
    assert text[start:end] == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*PATIENT, "value", "url", "code"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(
    row=st.sampled_from(ROWS),
    odd=st.dictionaries(st.sampled_from(sorted(PATIENT)), VALUES, max_size=6),
)
def test_a_resource_of_any_shape_gives_a_result_or_a_clear_error(row, odd):
    resource = {**PATIENT, **odd}
    try:
        compiled_ = compile_expression(definitions(), row[1])
        found = compiled_.evaluate(("Patient", resource, None), environment(PATIENT))
    except FhirPathError:
        return
    assert all(len(one) == 3 for one in found)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *"().,[]{}+-*/|&=<>'`%$@~",
                " and ",
                " is ",
                "name",
                "1",
                "1.5",
                "'a'",
                "where",
                "1 'g'",
            ]
        ),
        max_size=12,
    )
)
def test_any_text_is_an_expression_or_a_clear_error(pieces):
    try:
        compile_expression(definitions(), "".join(pieces)).evaluate(item(PATIENT), Environment())
    except FhirPathError:
        return


@pytest.mark.parametrize("text", ["1 is a.", "'' is ``.", "1 is FHIR.a.", "1 as (a.", "1 is"])
def test_a_type_that_is_cut_off_is_a_clear_error(model, text):
    with pytest.raises(FhirPathError, match="a type is expected"):
        compile_expression(model, text)


def test_one_expression_serves_many_threads_at_once(model):
    text = "name.select(given.select($index)).aggregate($total | $this + $index, 0)"
    text = (
        f"{text} | (1 | 2 | 3).select($index) | name.where(%resource.name.count() = $this.count())"
    )
    expression = compile_expression(model, text)
    resources = [{**PATIENT, "name": [{"given": ["a"] * size}] * 3} for size in range(8)]

    def run(number):
        resource = resources[number % len(resources)]
        found = expression.evaluate(item(resource), environment(resource))
        return [shown(one) for one in found]

    alone = [run(number) for number in range(len(resources))]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(run, range(400)))
    assert together == [alone[number % len(resources)] for number in range(400)]
