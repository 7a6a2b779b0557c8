"""Chained parameters: `subject:Patient.name=x`, and `_has:Observation:patient:code=x` backwards.

https://hl7.org/fhir/R4/search.html#chaining and https://hl7.org/fhir/R4/search.html#has
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Chained, Condition, Referring, either
from fhir_server.search.escape import unescape
from fhir_server.spec.spec import Spec

HAS = "_has"
LIST = "_list"
MAX_HOPS = 5
# Of all the types that hops without a type may lead to, one after the other.
MAX_WAYS = 100
MAX_NAME = 256
_NAMED = 8
# `_has`, type, reference, parameter.
_HAS_PARTS = 4


@dataclass(frozen=True, slots=True)
class Hop:
    """From a resource to another: on through its reference `code`, or `back` to who refers to it.

    `type`: on, which type it leads to, "" for any; back, whose reference it is.
    """

    code: str
    type: str
    back: bool = False


def is_chain(name: str) -> bool:
    """Say whether a parameter's name has hops."""
    return "." in name or name.partition(":")[0] == HAS


def hops(name: str) -> tuple[tuple[Hop, ...], str]:
    """Take a name apart into its hops and the parameter asked at their end.

    Raises Invalid for what is no chain, or one of too many hops.
    """
    if len(name) > MAX_NAME:
        raise Invalid(f"a chain has at most {MAX_NAME} letters.", code="too-costly")
    found = []
    rest = name
    while is_chain(rest):
        if rest.partition(":")[0] == HAS:
            parts = rest.split(":", _HAS_PARTS - 1)
            if len(parts) < _HAS_PARTS or not all(parts):
                raise Invalid("_has is written _has:Type:reference:parameter.")
            found.append(Hop(parts[2], parts[1], back=True))
            rest = parts[3]
        else:
            head, _, rest = rest.partition(".")
            code, _, type_ = head.partition(":")
            found.append(Hop(code, type_))
    if len(found) > MAX_HOPS:
        raise Invalid(f"a chain has at most {MAX_HOPS} hops.", code="too-costly")
    if not rest:
        raise Invalid("the parameter at the end of the chain is missing.")
    return tuple(found), rest


def chained(
    spec: Spec, type_: str, name: str, ask: Callable[[str, str], Condition | None]
) -> Condition:
    """Give what a chain asks of a type, with `ask(type, parameter)` for what its end asks.

    `ask` gives None where a type has no such parameter. A hop that leads to several types asks all
    of those the rest of the chain can be asked of. Raises Invalid where that is none.
    """
    path, last = hops(name)
    levels = [{type_}]
    for hop in path:
        levels.append(_next(spec, hop, levels[-1]))
    asked = {one: condition for one in sorted(levels[-1]) if (condition := ask(one, last))}
    if not asked:
        raise Invalid(f"{last!r} is no parameter of {_told(levels[-1])}.", code="not-supported")
    ways = dict.fromkeys(asked, 1)
    for hop, here in zip(reversed(path), reversed(levels[:-1]), strict=True):
        there = {one: [t for t in _targets(spec, hop, one) if t in asked] for one in here}
        there = {one: targets for one, targets in there.items() if targets}
        ways = {one: sum(ways[t] for t in targets) for one, targets in there.items()}
        if max(ways.values(), default=0) > MAX_WAYS:
            told = f"{hop.code!r} leads to too many types; name one, as {hop.code}:Type."
            raise Invalid(told, code="too-costly")
        asked = {one: _joined(spec, hop, one, [(t, asked[t]) for t in there[one]]) for one in there}
    return asked[type_]


def in_list(values: Sequence[str]) -> Condition:
    """Give what `_list=42` asks: an entry of the List refers to the resource.

    Raises Invalid for a functional list, https://hl7.org/fhir/R4/lifecycle.html#lists
    """
    ids = tuple(unescape(value).removeprefix("List/") for value in values)
    if any(id_.startswith("$") for id_ in ids):
        told = "functional lists such as $current-problems are not kept here; give a List's id."
        raise Invalid(told, code="not-supported")
    return Referring("List", "x.item", AnyOf("_id", ids))


def leads_to(spec: Spec, type_: str, code: str) -> Sequence[str]:
    """Give the types a reference parameter may lead to, sorted; none where it is no such one."""
    param = spec.search_params(type_).get(code) if type_ in spec.types else None
    if param is None or param.type != "reference":
        return ()
    return sorted(set(param.targets or spec.types) & spec.types.keys())


def _joined(spec: Spec, hop: Hop, type_: str, asked: Sequence[tuple[str, Condition]]) -> Condition:
    field = f"x.{hop.code}"
    if hop.back:
        by_url = has_url(spec, type_)
        return either(*(Referring(other, field, inner, by_url) for other, inner in asked))
    return either(*(Chained(field, other, inner, has_url(spec, other)) for other, inner in asked))


def has_url(spec: Spec, type_: str) -> bool:
    """Say whether resources of a type are known by a canonical URL too."""
    param = spec.search_params(type_).get("url")
    return param is not None and param.type == "uri"


def _next(spec: Spec, hop: Hop, types: Collection[str]) -> set[str]:
    found = {target for type_ in types for target in _targets(spec, hop, type_)}
    if not found:
        raise Invalid(_lost(spec, hop, types), code="not-supported")
    return found


def _targets(spec: Spec, hop: Hop, type_: str) -> Iterator[str]:
    """Yield the types a hop from a type leads to."""
    if hop.back:
        if type_ in leads_to(spec, hop.type, hop.code):
            yield hop.type
        return
    for target in leads_to(spec, type_, hop.code):
        if hop.type in ("", target):
            yield target


def _lost(spec: Spec, hop: Hop, types: Collection[str]) -> str:
    if hop.back:
        return f"no reference parameter {hop.code!r} of {hop.type!r} leads to {_told(types)}."
    known = {target for type_ in types for target in leads_to(spec, type_, hop.code)}
    if not known:
        return f"{hop.code!r} is no reference parameter of {_told(types)}."
    return f"{hop.code!r} leads to {_told(known)}, not to {hop.type!r}."


def _told(types: Collection[str]) -> str:
    named = sorted(types)
    more = f" or {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more
