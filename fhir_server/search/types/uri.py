"""Uri parameters: the text letter by letter, and what stands above or below it in a path.

https://hl7.org/fhir/R4/search.html#uri
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.search.collect import Alone, Writes, by_type
from fhir_server.search.condition import AnyOf, Condition, either, prefix
from fhir_server.search.escape import unescape
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam

MAX_STEPS = 100


def _text(value: Any, _place: Place, found: dict[str, None]) -> None:
    if isinstance(value, str) and value:
        found[value] = None


def _canonical(value: Any, place: Place, found: dict[str, None]) -> None:
    """Add a canonical: `url|version` is found by the url alone too."""
    _text(value, place, found)
    if isinstance(value, str) and "|" in value:
        found[value.partition("|")[0]] = None


def _alone(content: str, code: str) -> Alone | None:
    def alone(fields: dict[str, Any], value: Any, _place: Place) -> bool:
        if type(value) is not str or not value:
            return False
        fields[code] = [value]
        return True

    return None if content == "canonical" else alone


# `{code: [uris]}`
WRITES = Writes(by_type({"canonical": _canonical}, _text), {"": dict}, alone=_alone)


def _is(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    return AnyOf(f"x.{param.code}", tuple(map(unescape, alternatives)))


def _below(param: SearchParam, alternatives: Sequence[str], place: Place) -> Condition:
    """Hold for the value itself and what its path leads to; a urn has no path."""
    paths = [text.rstrip("/") + "/" for text in map(unescape, alternatives) if _has_path(text)]
    field = f"x.{param.code}"
    return either(_is(param, alternatives, place), *(prefix(field, path) for path in paths))


def _above(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    wanted = [path for text in alternatives for path in _paths(unescape(text))]
    return AnyOf(f"x.{param.code}", tuple(wanted))


MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _is,
    "below": _below,
    "above": _above,
}


def _has_path(uri: str) -> bool:
    return "://" in uri


def _paths(uri: str) -> list[str]:
    """Give a URL and every path above it, each with and without its last slash."""
    if not _has_path(uri):
        return [uri]
    scheme, _, rest = uri.partition("://")
    steps = rest.rstrip("/").split("/")
    if len(steps) > MAX_STEPS:
        raise Invalid(f"at most {MAX_STEPS} steps of a path.", code="too-costly")
    above = [f"{scheme}://{'/'.join(steps[:count])}" for count in range(1, len(steps) + 1)]
    return list(dict.fromkeys([uri, *above, *(f"{path}/" for path in above)]))
