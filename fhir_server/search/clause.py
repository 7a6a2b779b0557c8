"""One search parameter, `name=value`, as a Condition.

https://hl7.org/fhir/R4/search.html#modifiers
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import msgspec
from msgspec import structs

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.search import chain, words
from fhir_server.search.condition import Condition, Everything, Not, Present, either
from fhir_server.search.escape import split
from fhir_server.search.kinds import Kind, Modifier, kind_of, modifiers_of
from fhir_server.search.place import Place
from fhir_server.search.types import reference
from fhir_server.spec.spec import SearchParam, Spec

MAX_VALUE_LENGTH = 4096
MAX_ALTERNATIVES = 500


class Scope(msgspec.Struct, frozen=True):
    """What a parameter is read against: the definitions, the type it is asked of, the place."""

    spec: Spec
    type: str
    place: Place

    @property
    def params(self) -> Mapping[str, SearchParam]:
        """The type's parameters by code."""
        return self.spec.search_params(self.type)


def clause(scope: Scope, name: str, value: str) -> Condition:
    """Give what one known parameter asks: `code`, `code:modifier`, or a chain that ends so.

    Raises Invalid for what it cannot be asked, KeyError for a code that is not searched here.
    """
    return asker(scope, name)(value)


def asker(scope: Scope, name: str) -> Callable[[str], Condition]:
    """Give what reads the values of one known parameter: see `clause`, which reads one.

    Raises KeyError for a code that is not searched here.
    """
    read = _reader(scope, name)

    def ask(value: str) -> Condition:
        try:
            return read(value)
        except Invalid as error:
            issues = [replace(i, diagnostics=f"{name[:80]}: {i.diagnostics}") for i in error.issues]
            raise Invalid(issues=issues) from None

    return ask


def _reader(scope: Scope, name: str) -> Callable[[str], Condition]:
    if chain.is_chain(name):
        return partial(_chained, scope, name)
    if name == chain.LIST:
        return lambda value: chain.in_list(_alternatives(value))
    code, colon, modifier = name.partition(":")
    param = scope.params[code]
    kind = kind_of(param)
    if kind is None:
        raise KeyError(name)
    if colon and not modifier:
        return _bare_colon
    asked = _modifier(param, kind, modifier, scope.place)
    return lambda value: asked(param, _alternatives(value), scope.place)


def _chained(scope: Scope, name: str, value: str) -> Condition:
    def ask(type_: str, last: str) -> Condition | None:
        there = structs.replace(scope, type=type_)
        return None if unknown(there, last) else _reader(there, last)(value)

    return chain.chained(scope.spec, scope.type, name, ask)


def _bare_colon(_value: str) -> Condition:
    raise Invalid("a modifier stands behind a colon.")


def _modifier(param: SearchParam, kind: Kind, name: str, place: Place) -> Modifier:
    """Give what asks a parameter with a modifier; Invalid once it is asked, for a wrong one."""
    if name == "missing":
        return partial(_missing, kind)
    modifiers = modifiers_of(param, kind)
    if name in modifiers:
        return modifiers[name]
    if param.type == "reference" and name in (param.targets or place.types):
        return lambda param, alternatives, place: reference.typed(param, name, alternatives, place)
    known = [f":{one}" for one in (*modifiers, "missing") if one]
    if param.type == "reference":
        known.append(":Type with a type it refers to")
    told = f"the modifier {name[:32]!r} is not supported here; supported: {', '.join(known)}."

    def refused(*_: object) -> Condition:
        raise Invalid(told, code="not-supported")

    return refused


def _missing(
    kind: Kind, param: SearchParam, alternatives: Sequence[str], _place: Place
) -> Condition:
    present = either(*(Present(field.format(param.code)) for field in kind.presence))
    if list(alternatives) == ["true"]:
        return Not(present)
    if list(alternatives) == ["false"]:
        return present
    raise Invalid("the modifier missing takes true or false.", code="value")


def _alternatives(value: str) -> list[str]:
    if len(value) > MAX_VALUE_LENGTH:
        raise Invalid(f"the value is longer than {MAX_VALUE_LENGTH} letters.", code="too-costly")
    alternatives = split(value, ",")
    if len(alternatives) > MAX_ALTERNATIVES:
        raise Invalid(f"at most {MAX_ALTERNATIVES} values at once.", code="too-costly")
    if not all(alternatives):
        raise Invalid("a value is empty.", code="value")
    return alternatives


def unknown(scope: Scope, name: str) -> Issue | None:
    """Give the issue of a parameter that is not searched here, None for one that is."""
    if chain.is_chain(name):
        return _lost(scope, name)
    if name == chain.LIST:
        return None
    fault, told = _fault(scope, name.partition(":")[0])
    return Issue(fault, f"{name[:80]!r}{told}") if fault else None


def _fault(scope: Scope, code: str) -> tuple[str, str]:
    """Give why a code is not searched here, as an issue's code and text; "" for one that is."""
    param = scope.params.get(code)
    if param is None:
        progress = scope.spec.building.get(scope.type, {}).get(code)
        if progress:
            return "incomplete", f" is being built for {scope.type}: {progress}."
        return "not-supported", f" is no parameter of {scope.type}."
    if code in (words.TEXT, words.CONTENT) and not scope.place.text_search:
        return "not-supported", ": the words of resources are not indexed here (FHIR_TEXT_SEARCH)."
    if kind_of(param) is None:
        return "not-supported", f": parameters of type {param.type} are not searched here yet."
    return "", ""


def _lost(scope: Scope, name: str) -> Issue | None:
    """Give the issue of a chain that leads nowhere, None for one that does."""

    def ask(type_: str, last: str) -> Condition | None:
        return None if unknown(structs.replace(scope, type=type_), last) else Everything()

    try:
        chain.chained(scope.spec, scope.type, name, ask)
    except Invalid as error:
        (issue,) = error.issues
        # What is not unknown but wrong stays an error where unknown parameters are left out.
        if issue.code == "not-supported":
            return replace(issue, diagnostics=f"{name[:80]!r}: {issue.diagnostics}")
    return None
