"""Reference parameters: `Type/id`, absolute URLs, canonicals, urns; and `:identifier`.

https://hl7.org/fhir/R4/search.html#reference
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.reference import target
from fhir_server.search.collect import Alone, Writes, by_type
from fhir_server.search.condition import AnyOf, Condition, Everything, Subtree, either
from fhir_server.search.escape import unescape
from fhir_server.search.place import Place
from fhir_server.search.types import token
from fhir_server.spec.spec import SearchParam

Modifier = Callable[[SearchParam, Sequence[str], Place], Condition]

# A bare id under a parameter that refers to anything stands for one reference of each type.
MAX_WANTED = 2_000


def _is(param: SearchParam, alternatives: Sequence[str], place: Place) -> Condition:
    wanted = [text for value in alternatives for text in _wanted(param, unescape(value), place)]
    if len(wanted) > MAX_WANTED:
        raise Invalid("too many ids of any type; write Type/id.", code="too-costly")
    return AnyOf(f"x.{param.code}", tuple(wanted))


def _identified(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    return token.asked(f"x.{param.code}:identifier", alternatives)


def _related(way: Literal["above", "below"]) -> Modifier:
    def related(param: SearchParam, alternatives: Sequence[str], place: Place) -> Condition:
        ids: dict[str, list[str]] = {}
        for text in alternatives:
            wanted = (one.rpartition("/") for one in _wanted(param, unescape(text), place))
            found = [(type_, id_) for type_, _, id_ in wanted if type_ in param.parents]
            if not found:
                told = f"{text[:64]!r} is no id of {' or '.join(param.parents)}, which have parts."
                raise Invalid(told, code="value")
            for type_, id_ in found:
                ids.setdefault(type_, []).append(id_)
        field = f"x.{param.code}"
        return either(
            *(
                Subtree(field, type_, tuple(some), f"x.{param.parents[type_]}", way, Everything())
                for type_, some in ids.items()
            )
        )

    return related


MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _is,
    "identifier": _identified,
    "above": _related("above"),
    "below": _related("below"),
}

# A hierarchy needs a type whose resources are parts of each other.
ONLY: Mapping[str, Callable[[SearchParam], bool]] = {
    "above": lambda param: bool(param.parents),
    "below": lambda param: bool(param.parents),
}


def typed(param: SearchParam, type_: str, alternatives: Sequence[str], place: Place) -> Condition:
    """Hold for references to `type_`: the modifier `subject:Patient=23`."""
    wanted = []
    for value in map(unescape, alternatives):
        found = f"{type_}/{value}" if _is_id(value) else target(value, place.base_urls)
        if not found.rpartition("/")[0].endswith(type_):
            raise Invalid(f"{value[:64]!r} is not the id of a {type_}.", code="value")
        wanted.append(found)
    return AnyOf(f"x.{param.code}", tuple(wanted))


def _wanted(param: SearchParam, value: str, place: Place) -> Iterator[str]:
    if not _is_id(value):
        yield target(value, place.base_urls)
        return
    # A bare id may be any type the parameter refers to.
    for type_ in param.targets or place.types:
        yield f"{type_}/{value}"


def _is_id(value: str) -> bool:
    return "/" not in value and ":" not in value and "|" not in value


def _text(value: Any, _place: Place, found: dict[str, None], _logical: token.Entries) -> None:
    if isinstance(value, str):
        found[value] = None


def _canonical(value: Any, place: Place, found: dict[str, None], logical: token.Entries) -> None:
    """Add a canonical: `url|version` is found by the url alone too."""
    _text(value, place, found, logical)
    if isinstance(value, str) and "|" in value:
        found[value.partition("|")[0]] = None


def _reference(value: Any, place: Place, found: dict[str, None], logical: token.Entries) -> None:
    """Add what a Reference points at, or a contained resource, and a logical reference."""
    if not isinstance(value, dict):
        _text(value, place, found, logical)
        return
    reference = value.get("reference")
    if isinstance(reference, str) and reference and not reference.startswith("#"):
        found[target(reference, place.base_urls)] = None
    elif "resourceType" in value and "id" in value:
        found[f"{value['resourceType']}/{value['id']}"] = None
    identifier = value.get("identifier")
    if isinstance(identifier, dict) and "resourceType" not in value:
        code, system = identifier.get("value"), identifier.get("system")
        if isinstance(code, str) and code:
            token.enter(logical, system if isinstance(system, str) else "", code)


def _alone(content: str, code: str) -> Alone | None:
    def alone(fields: dict[str, Any], value: Any, place: Place) -> bool:
        if type(value) is not dict or "identifier" in value:
            return False
        reference = value.get("reference")
        if type(reference) is not str or not reference or reference[0] == "#":
            return False
        fields[code] = target(reference, place.base_urls)
        return True

    return alone if content == "Reference" else None


# What the references point at, and logical references under `:identifier`. A scalar where the
# parameter can have only one value, which an index can then combine.
WRITES = Writes(
    by_type({"canonical": _canonical, "uri": _text}, _reference),
    {"": dict, ":identifier": dict},
    scalar=True,
    alone=_alone,
)
