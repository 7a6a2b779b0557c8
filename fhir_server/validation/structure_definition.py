"""A StructureDefinition that constrains another: what it says can be said of its base.

https://hl7.org/fhir/R4/profiling.html#limitations
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fhir_server.spec.codes import bare
from fhir_server.spec.snapshots import snapshot
from fhir_server.spec.structures import Structures
from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Finding, Findings, Visit, error

Definition: TypeAlias = Mapping[str, Any]

_PLAIN = re.compile(r"[a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*)*")
_THIS = "$this"


def definition_findings(definition: Definition, visit: Visit) -> Findings | None:
    """Give what a profile says that its base does not allow, as far as its base is known."""
    if definition.get("derivation") != "constraint" or "differential" not in definition:
        return None
    known = _Known(visit)
    found = [*_unmade(definition, known)]
    base = known.find(definition.get("baseDefinition", ""))
    if not found and base is not None:
        found += _elements(definition, base, known, visit.definitions.spec.structures)
    return found or None


@dataclass(slots=True)
class _Known:
    """Definitions by url; `missing` are those that nobody has."""

    visit: Visit
    missing: list[str] = field(default_factory=list)

    def find(self, url: str) -> Definition | None:
        found = self.visit.definitions.profile(url) or self.visit.questions.ask("profile", url)
        if not isinstance(found, Mapping):
            self.missing.append(url)
            return None
        return found


def _unmade(definition: Definition, known: _Known) -> Iterator[Finding]:
    """Say why no snapshot can be made of the differential."""
    own = {name: value for name, value in definition.items() if name != "snapshot"}
    try:
        snapshot(own, known.find)
    except SpecError as fault:
        if not known.missing:
            yield from error("invalid", f"no snapshot can be made: {fault}", ".differential")
    except (KeyError, TypeError, ValueError, AttributeError):
        # A definition further up is not well made.
        return


def _elements(
    definition: Definition, base: Definition, known: _Known, structures: Structures
) -> Iterator[Finding]:
    above = _fixed(base, known)
    for index, element in enumerate(definition["differential"]["element"]):
        place = f".differential.element[{index}]"
        for name, value in element.items():
            if name.startswith("fixed") and above.get((element.get("id"), name), value) != value:
                yield from error("invalid", "its base has another fixed value", f"{place}.{name}")
        yield from _typed(element, known, place, structures)
        yield from _sliced(element, place, structures)


def _fixed(base: Definition, known: _Known) -> Mapping[tuple[Any, str], Any]:
    """Give the fixed values of the base, by the id of the element and name."""
    try:
        elements = snapshot(base, known.find)
    except (SpecError, KeyError, TypeError, ValueError, AttributeError):
        return {}
    return {
        (one.get("id"), name): value
        for one in elements
        for name, value in one.items()
        if name.startswith("fixed")
    }


def _typed(
    element: Definition, known: _Known, place: str, structures: Structures
) -> Iterator[Finding]:
    """Say which profile of a type is the profile of another."""
    for at, type_ in enumerate(element.get("type", ())):
        for index, url in enumerate(type_.get("profile", ())):
            profile = known.find(bare(url)) if url and "#" not in url else None
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
