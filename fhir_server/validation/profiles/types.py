"""Types: which a profile leaves to an element, the profiles of these, and of what is referred to.

https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.type
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.reference import parse
from fhir_server.spec.structures import Element, Structures
from fhir_server.validation.findings import Findings, error
from fhir_server.validation.profiles.discriminators import CORE, meets, profiles_of_type
from fhir_server.validation.profiles.walk import Check, Item, Walk

_REFERENCES = ("Reference", "canonical")
# Ids, urls and values of primitives, which are no elements with a type of FHIR's.
_SYSTEM = "http://hl7.org/fhirpath/"
_SHORT = 100


def type_checks(
    structures: Structures, element: Mapping[str, Any], base: Element | None
) -> Iterator[Check]:
    """Give the checks of an element's types, where the type it stands in has not the same."""
    types = [one for one in element.get("type", ()) if isinstance(one.get("code"), str)]
    codes = [one["code"] for one in types]
    system = any(code.startswith(_SYSTEM) for code in codes)
    if base and codes and not system and not set(base.types) <= set(codes):
        yield OneOf(structures, codes)
    for one in types:
        # Extensions are checked by their own definitions, wherever they stand.
        profiles = profiles_of_type(one)
        if profiles and one["code"] != "Extension":
            yield _profiled(structures, one["code"], profiles, alone=len(types) == 1)
    for one in types:
        targets = one.get("targetProfile", ())
        known = base.types.get(one["code"], ()) if base else ()
        named = {url.removeprefix(CORE) for url in targets}
        if one["code"] in _REFERENCES and named and named != {*known}:
            yield _targeted(structures, one["code"], targets)


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """Check that an item is of one of some types."""

    structures: Structures
    codes: Sequence[str]

    def allows(self, content: str) -> bool:
        """Say whether items of a type, or of an element defined in place, may stand here."""
        return "." in content or any(self.structures.is_a(content, code) for code in self.codes)

    def __call__(self, item: Item, _walk: Walk) -> Findings | None:
        """Give what is wrong with an item."""
        if self.allows(item[0]):
            return None
        listed = ", ".join(self.codes)
        return error("structure", f"a {item[0]} may not be given here, but: {listed}")


def _profiled(structures: Structures, code: str, profiles: Sequence[str], *, alone: bool) -> Check:
    def check(item: Item, walk: Walk) -> Findings | None:
        if not alone and not structures.is_a(item[0], code):
            return None
        inner = walk
        if structures.is_a(item[0], "Resource"):
            inner = walk.within(item[1])
        if len(profiles) == 1:
            return walk.judge(item, profiles[0], inner)
        if any(meets(item, url, inner) for url in profiles):
            return None
        return error("structure", f"this meets none of the profiles {', '.join(profiles)}")

    return check


@dataclass(frozen=True, slots=True, eq=False)
class Targeted:
    """Check what a reference leads to: its type, and its profile where it can be looked at.

    `code` is Reference or canonical, `allowed` the types by the url they are named by, `types`
    those of them that are types of FHIR's.
    """

    structures: Structures
    code: str
    allowed: Mapping[str, str]
    types: frozenset[str]

    def __call__(self, item: Item, walk: Walk) -> Findings | None:
        """Give what is wrong with an item."""
        code, types = self.code, self.types
        if item[0] != code or item[1] is None:
            return None
        text = item[1] if code == "canonical" else item[1].get("reference")
        if not isinstance(text, str):
            return None
        type_ = parse(text).type or (item[1].get("type", "") if code == "Reference" else "")
        if type_ and (type_ in types or "Resource" in types):
            return None
        listed = ", ".join(self.allowed.values())
        if type_ and len(types) == len(self.allowed) and self.structures.knows(type_):
            return error("structure", f"a {type_} may not be referred to here, but: {listed}")
        return _resolved(self.structures, text, walk, tuple(self.allowed.items()), listed)


def _targeted(structures: Structures, code: str, targets: Sequence[str]) -> Targeted:
    allowed = {url: url.removeprefix(CORE) for url in targets}
    types = frozenset(name for name in allowed.values() if structures.knows(name))
    return Targeted(structures, code, allowed, types)


def _resolved(
    structures: Structures,
    text: str,
    walk: Walk,
    allowed: Sequence[tuple[str, str]],
    listed: str,
) -> Findings | None:
    target = walk.resolve(text)
    if target is None:
        return None
    item, there = target
    for url, name in allowed:
        if structures.knows(name):
            if structures.is_a(item[0], name):
                return None
        elif meets(item, url, there):
            return None
    told = f"{text[:_SHORT]!r} leads to a {item[0]} that is none of: {listed}"
    return error("structure", told)
