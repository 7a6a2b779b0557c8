"""A StructureDefinition that constrains another: what it says can be said of its base.

https://hl7.org/fhir/R4/profiling.html#limitations
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from fhir_server.spec.codes import bare
from fhir_server.spec.snapshots import Find, snapshot
from fhir_server.spec.structures import Structures
from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Finding, Findings, Visit, error

Definition: TypeAlias = Mapping[str, Any]

_PLAIN = re.compile(r"[a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*)*")
_THIS = "$this"


def definition_findings(definition: Definition, visit: Visit) -> Findings | None:
    """Give what a profile says that its base does not allow, as far as its base is known.

    Whether it can be used at all is told with the profiles (`profiles/authored.py`).
    """
    if definition.get("derivation") != "constraint" or "differential" not in definition:
        return None

    def find(url: str) -> Definition | None:
        found = visit.definitions.profile(url) or visit.questions.ask("profile", url)
        return found if isinstance(found, Mapping) else None

    base = find(definition.get("baseDefinition", ""))
    if base is None:
        return None
    return [*_elements(definition, base, find, visit.definitions.spec.structures)] or None


def _elements(
    definition: Definition, base: Definition, find: Find, structures: Structures
) -> Iterator[Finding]:
    above = _fixed(base, find)
    for index, element in enumerate(definition["differential"]["element"]):
        place = f".differential.element[{index}]"
        for name, value in element.items():
            if name.startswith("fixed") and above.get((element.get("id"), name), value) != value:
                yield from error("invalid", "its base has another fixed value", f"{place}.{name}")
        yield from _typed(element, find, place, structures)
        yield from _sliced(element, place, structures)


def _fixed(base: Definition, find: Find) -> Mapping[tuple[Any, str], Any]:
    """Give the fixed values of the base, by the id of the element and name."""
    try:
        elements = snapshot(base, find)
    except (SpecError, KeyError, TypeError, ValueError, AttributeError):
        return {}
    return {
        (one.get("id"), name): value
        for one in elements
        for name, value in one.items()
        if name.startswith("fixed")
    }


def _typed(
    element: Definition, find: Find, place: str, structures: Structures
) -> Iterator[Finding]:
    """Say which profile of a type is the profile of another."""
    for at, type_ in enumerate(element.get("type", ())):
        for index, url in enumerate(type_.get("profile", ())):
            profile = find(bare(url)) if url and "#" not in url else None
            if profile is None or not isinstance(profile.get("type"), str):
                continue
            code = type_.get("code", "")
            abstract = code in structures.by_name and structures.by_name[code].abstract
            if profile["type"] != code and not (
                abstract and structures.is_a(profile["type"], code)
            ):
                told = f"the profile is of {profile['type'][:64]}, not of {code[:64]}"
                yield from error("invalid", told, f"{place}.type[{at}].profile[{index}]")


def _sliced(element: Definition, place: str, structures: Structures) -> Iterator[Finding]:
    """Say which discriminator leads to no element of what is sliced."""
    for index, one in enumerate(element.get("slicing", {}).get("discriminator", ())):
        path = one.get("path", "").removeprefix(f"{_THIS}.")
        contents = _contents(structures, element.get("path", ""))
        if not _PLAIN.fullmatch(path) or not contents:
            continue
        if not _below(structures, contents, path):
            told = f"{element.get('path', '')[:100]} has no element {path[:100]!r}"
            at = f"{place}.slicing.discriminator[{index}].path"
            yield from error("invalid", told, at)


def _contents(structures: Structures, path: str) -> frozenset[str]:
    """Give what may stand at the path of an element: `Patient.contact` → `Patient.contact`."""
    root, _, rest = path.replace("[x]", "").partition(".")
    if root not in structures.by_name:
        return frozenset()
    return _below(structures, frozenset({root}), rest) if rest else frozenset({root})


def _below(structures: Structures, contents: frozenset[str], path: str) -> frozenset[str]:
    for name in path.split("."):
        contents = frozenset(
            member.content for one in contents for member in structures.members(one, name)
        )
    return contents
