"""`_filter`: a text such as `name co "an" and not (birthdate lt 1980)` as a Condition.

https://hl7.org/fhir/R4/search_filter.html
"""

from collections.abc import Mapping
from dataclasses import replace

from msgspec import structs

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.search import chain
from fhir_server.search.clause import Scope, clause, unknown
from fhir_server.search.condition import AnyOf, Condition, Element, Not, both, either
from fhir_server.search.filter_text import Comparison, Denied, Filter, Joined, parse
from fhir_server.search.fold import fold
from fhir_server.search.kinds import OWN
from fhir_server.search.types import date, string

NAME = "_filter"
# A reference with a filter in brackets is read for each type it may lead to.
MAX_TYPES = 10

# By a parameter's type: an operator, and how it is asked: `:modifier`, or a prefix of the value.
_COMPARED = {name: name for name in ("eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb")}
_WAYS: Mapping[str, Mapping[str, str]] = {
    "string": {"co": ":contains", "sw": ""},
    "token": {"eq": "", "ss": ":below", "sb": ":above", "in": ":in", "ni": ":not-in"},
    "reference": {"eq": "", "re": ""},
    "uri": {"eq": "", "re": ""},
    "composite": {"eq": ""},
    "special": {"eq": ""},
    "date": _COMPARED,
    "number": _COMPARED,
    "quantity": _COMPARED,
}
_EQUALS = {"string", "token", "reference", "uri", "composite"}


def read(scope: Scope, text: str) -> Condition:
    """Give what a filter asks of a type.

    Raises Invalid, saying at which letter of the text, for what is no filter, a parameter the type
    does not have, and an operator its parameter is not asked with.
    """
    return _condition(scope, parse(text))


def _condition(scope: Scope, asked: Filter) -> Condition:
    match asked:
        case Joined():
            parts = (_condition(scope, part) for part in asked.parts)
            return both(*parts) if asked.word == "and" else either(*parts)
        case Denied():
            return Not(_condition(scope, asked.part))
        case Comparison():
            try:
                return _test(scope, asked)
            except Invalid as error:
                raise Invalid(issues=[_placed(one, asked.at) for one in error.issues]) from None


def _placed(issue: Issue, at: int) -> Issue:
    """Say where it is wrong, unless that is said: the innermost place counts."""
    if issue.diagnostics.startswith(NAME):
        return issue
    return replace(issue, diagnostics=f"{NAME}, letter {at}: {issue.diagnostics}")


def _test(scope: Scope, test: Comparison) -> Condition:
    for place, step in enumerate(test.path):
        if step.filter:
            return _narrowed(scope, test, place, step.filter)
    names = [step.name for step in test.path]
    if len(names) == 1:
        return _asked(scope, names[0], test)

    def ask(type_: str, last: str) -> Condition | None:
        there = structs.replace(scope, type=type_)
        return None if unknown(there, last) else _asked(there, last, test)

    return chain.chained(scope.spec, scope.type, ".".join(names), ask)


def _narrowed(scope: Scope, test: Comparison, place: int, inner: Filter) -> Condition:
    """Give what `subject[active eq true].name` asks: one and the same resource meets both."""
    rest = replace(test, path=test.path[place + 1 :])
    lost: list[Invalid] = []
    tried: list[str] = []

    def ask(type_: str, _: str) -> Condition | None:
        tried.append(type_)
        if len(tried) > MAX_TYPES:
            told = f"the reference may lead to over {MAX_TYPES} types; name one, as focus:Task[…]."
            raise Invalid(told, code="too-costly")
        there = structs.replace(scope, type=type_)
        try:
            return both(_condition(there, inner), _test(there, rest))
        except Invalid as error:
            if error.issues[0].code != "not-supported":
                raise
            lost.append(error)
            return None

    path = ".".join([*(step.name for step in test.path[: place + 1]), "_"])
    try:
        return chain.chained(scope.spec, scope.type, path, ask)
    except Invalid as error:
        raise lost[0] if lost else error from None


def _asked(scope: Scope, name: str, test: Comparison) -> Condition:
    """Give what a test asks by one parameter of the type."""
    if ":" in name:
        told = f"{name[:64]!r}: only a reference that leads on has a type; use an operator."
        raise Invalid(told, code="not-supported")
    if issue := unknown(scope, name):
        raise Invalid(issues=[issue])
    kind = scope.params[name].type
    if test.operator == "pr":
        return clause(scope, f"{name}:missing", _opposite(test.value))
    if test.operator == "ne" and kind in _EQUALS:
        there = clause(scope, f"{name}:missing", "false")
        return both(there, Not(_asked(scope, name, replace(test, operator="eq"))))
    if (kind, test.operator) == ("string", "eq"):
        return _equal(name, test.value)
    if (kind, test.operator) == ("date", "po"):
        return _overlaps(scope, name, test.value)
    way = _WAYS[kind].get(test.operator)
    if way is None:
        told = f"{test.operator} is not asked of a {kind}; supported: {', '.join(_known(kind))}."
        raise Invalid(f"{name}: {told}", code="not-supported")
    modifier, prefix = (way, "") if way.startswith(":") else ("", way)
    return clause(scope, f"{name}{modifier}", prefix + _escaped(test.value))


def _known(kind: str) -> list[str]:
    made = {"string": ("eq", "ne"), "date": ("po",)}
    equal = ("ne",) if kind in _EQUALS else ()
    return sorted({*_WAYS[kind], *equal, *made.get(kind, ()), "pr"})


def _equal(name: str, value: str) -> Condition:
    """Hold where a text of the parameter is the value; case and accents do not count."""
    folded = fold(value[: string.LENGTH])
    if not folded:
        raise Invalid(f"{value[:64]!r} has neither letter nor digit to look for.", code="value")
    return AnyOf(f"x.{name}", (folded,))


def _overlaps(scope: Scope, name: str, value: str) -> Condition:
    """Hold where a period of the parameter has a moment of the value in it."""
    if name in OWN:
        return clause(scope, name, f"eq{_escaped(value)}")
    sides = (Not(date.condition_of(side + value, scope.place)) for side in ("sa", "eb"))
    return Element(f"x.{name}", tuple(sides), scope.params[name].single)


def _opposite(value: str) -> str:
    return {"true": "false", "false": "true"}.get(value, value)


def _escaped(value: str) -> str:
    """Keep a comma from standing for `or`: a filter's value is one value."""
    return value.replace("\\", "\\\\").replace(",", "\\,")
