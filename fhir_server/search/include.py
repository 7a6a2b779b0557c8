"""`_include` and `_revinclude`: which resources a page brings along beside its matches.

https://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.search.chain import leads_to
from fhir_server.spec.spec import Spec

FORWARD, BACK = "_include", "_revinclude"
ANY = "*"
_PARTS = 3
_FORMS = "write Type:parameter, Type:parameter:Target, Type:* or *."


@dataclass(frozen=True, slots=True)
class Include:
    """One such parameter: the references of `source`, by parameter `code`, to the type `target`.

    "" stands for any. `back`: the resources that refer to what is found, instead of those it refers
    to. `iterate`: also from what was brought along. `text` is how it was written.
    """

    text: str
    source: str
    code: str
    target: str
    back: bool = False
    iterate: bool = False


def is_include(name: str) -> bool:
    """Say whether a parameter's name is one of these, whatever its modifier."""
    return name.partition(":")[0] in (FORWARD, BACK)


def includes(
    spec: Spec, types: Collection[str], parameters: Iterable[tuple[str, str]]
) -> tuple[Include, ...]:
    """Give the includes of a search on these types; Invalid with an issue for each wrong one."""
    found: dict[Include, None] = {}
    wrong = []
    for name, value in parameters:
        if not is_include(name):
            continue
        try:
            found[_include(spec, types, name, value)] = None
        except Invalid as error:
            told = f"{name[:80]}={value[:120]}: {error.issues[0].diagnostics}"
            wrong.append(Issue("not-supported", told))
    if wrong:
        raise Invalid(issues=wrong)
    return tuple(found)


def offered(spec: Spec, type_: str) -> list[str]:
    """Give the values `_include` takes in a search on a type, for the CapabilityStatement."""
    codes = [code for code in spec.search_params(type_) if leads_to(spec, type_, code)]
    return [ANY, *(f"{type_}:{code}" for code in sorted(codes))]


@lru_cache(maxsize=4)
def offered_back(spec: Spec) -> Mapping[str, Sequence[str]]:
    """Give by type the values `_revinclude` takes in a search on it."""
    found = {type_: [ANY] for type_ in spec.types}
    for source in spec.types:
        for code in sorted(spec.search_params(source)):
            for type_ in leads_to(spec, source, code):
                found[type_].append(f"{source}:{code}")
    return found


def _include(spec: Spec, types: Collection[str], name: str, value: str) -> Include:
    base, _, modifier = name.partition(":")
    if modifier not in ("", "iterate"):
        raise Invalid("the one modifier is :iterate (which R3 called :recurse).")
    iterate, back = modifier == "iterate", base == BACK
    if value == ANY:
        return Include(f"{name}={value}", "", "", "", back, iterate)
    source, code, target = [*value.split(":", _PARTS - 1), "", ""][:_PARTS]
    if source not in spec.types or not code:
        raise Invalid(f"{source!r} is no type; {_FORMS}" if code else _FORMS)
    found = Include(f"{name}={value}", source, "" if code == ANY else code, target, back, iterate)
    _check(spec, types, found)
    return found


def _check(spec: Spec, types: Collection[str], include: Include) -> None:
    source, code, target = include.source, include.code, include.target
    reached = leads_to(spec, source, code) if code else sorted(spec.types)
    if not reached:
        known = ", ".join(one for one in offered(spec, source) if one != ANY)
        raise Invalid(f"{code!r} is no reference parameter of {source}; known: {known or 'none'}.")
    if target and target not in reached:
        raise Invalid(f"{source}:{code or ANY} does not lead to {target!r}.")
    if include.iterate:
        return
    if include.back and not ({target} if target else set(reached)) & set(types):
        raise Invalid(f"it refers to no {_either(types)}; from what is included, use :iterate.")
    if not include.back and source not in types:
        raise Invalid(f"the matches are of {_either(types)}; from what is included, use :iterate.")


def _either(types: Collection[str]) -> str:
    return " or ".join(sorted(types)[:_PARTS])
