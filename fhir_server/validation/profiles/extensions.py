"""Extensions: each looked at by its definition wherever it stands; resources inside by their own.

https://hl7.org/fhir/R4/extensibility.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from fhir_server.fhir.errors import Severity
from fhir_server.spec.structures import Structures
from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Findings, below, enough, error
from fhir_server.validation.profiles.context import Place, context_findings
from fhir_server.validation.profiles.discriminators import CORE
from fhir_server.validation.profiles.known import Known
from fhir_server.validation.profiles.walk import Item, Walk

# What is to be said of a resource that stands in another.
Inner: TypeAlias = Callable[[Walk], Findings | None]

_KEYS = ("extension", "modifierExtension")
# How the JSON of either ends; a quote in a string is escaped.
_NAMED = b'xtension":'
_RESOURCE = b'"resourceType":'
# Addresses that stand for nothing anybody defines.
_EXAMPLE = re.compile(r"https?://([a-z0-9-]+\.)*(example\.org|acme\.com)/").match
_OPEN = ("Resource", "DomainResource")


def extension_findings(known: Known, walk: Walk, inner: Inner) -> Findings:
    """Give what is wrong with the extensions of the resource of a walk.

    `inner` tells of each resource that stands in it.
    """
    if not _names_any(walk.visit.text()):
        return []
    resource = walk.visit.resource
    looking = _Looking(known, inner)
    item: Item = (str(resource.get("resourceType", "")), resource, None)
    return looking.object(Place(item), walk)


def _names_any(text: bytes) -> bool:
    """Say whether there may be extensions, or resources, anywhere in the JSON of a resource."""
    return _NAMED in text or text.count(_RESOURCE) > 1


def _has_any(value: Any) -> bool:
    """Say whether there are extensions, or resources, anywhere in a value."""
    level: list[Any] = [value]
    while level:
        value = level.pop()
        kind = type(value)
        if kind is list:
            level += value
        elif kind is dict:
            if "extension" in value or "modifierExtension" in value or "resourceType" in value:
                return True
            level += value.values()
    return False


class _Looking:
    """One look through a resource."""

    __slots__ = ("inner", "known", "structures")

    def __init__(self, known: Known, inner: Inner) -> None:
        self.known, self.inner = known, inner
        self.structures: Structures = known.spec.structures

    def object(self, place: Place, walk: Walk) -> Findings:
        """Look at an object and all below it."""
        content, value, companion = place.item
        found: Findings = []
        if type(value) is not dict:
            content, value = "Element", companion
        keys = self.structures.keys(content)
        for name, inside in value.items():
            if type(inside) is not dict and type(inside) is not list:
                continue
            if name in _KEYS:
                found += self._extensions(name, inside, place, walk)
                continue
            key = keys.get(name.removeprefix("_"))
            if key is None or not _has_any(inside):
                continue
            step = key.element.name
            for at, item in _items(name, key.content, inside):
                if said := self._below(Place(item, step, place), walk):
                    found += below(f".{step}{at}", said)
            if enough(found):
                break
        return found

    def _below(self, place: Place, walk: Walk) -> Findings:
        content, value, _ = place.item
        if content in _OPEN and isinstance(value, Mapping):
            return self.inner(walk.within(value, contained=place.name == "contained")) or []
        return self.object(place, walk)

    def _extensions(self, name: str, extensions: Any, place: Place, walk: Walk) -> Findings:
        found: Findings = []
        for index, one in enumerate(extensions):
            item: Item = ("Extension", one, None)
            said = self._extension(name, one, item, place, walk)
            said += self.object(Place(item, name, place), walk)
            found += below(f".{name}[{index}]", said)
        return found

    def _extension(
        self, name: str, one: Mapping[str, Any], item: Item, place: Place, walk: Walk
    ) -> Findings:
        url = one.get("url", "")
        nested = place.item[0] == "Extension"
        if not isinstance(url, str):
            return []
        if nested and ":" not in url:
            return self._part(url, place, walk)
        definition = self.known.definition(url, walk)
        if definition is None:
            return _unknown(name, url, walk)
        if definition.get("type") != "Extension":
            return error(
                "structure", f"{url} is no extension but a {definition.get('type')}", ".url"
            )
        found = list(context_findings(self.structures, definition, place, walk) or ())
        found += _modifying(name, definition)
        return found + list(walk.judge(item, url, walk) or ())

    def _part(self, url: str, place: Place, walk: Walk) -> Findings:
        """Say whether an extension has a part of this name."""
        outer = place.item[1].get("url", "") if isinstance(place.item[1], Mapping) else ""
        if ":" not in outer:
            return []
        try:
            profile = self.known.profile(outer, walk)
        except SpecError:
            return []
        if profile is None or url in profile.parts:
            return []
        return error("extension", f"the extension {outer} has no part {url[:100]!r}", ".url")


def _items(name: str, content: str, inside: Any) -> Iterator[tuple[str, Item]]:
    """Give the objects of a property; of `_given`, the companions of primitives."""
    is_companion = name.startswith("_")
    many = type(inside) is list
    for index, one in enumerate(inside if many else (inside,)):
        if type(one) is dict:
            at = f"[{index}]" if many else ""
            yield at, (content, None, one) if is_companion else (content, one, None)


def _unknown(name: str, url: str, walk: Walk) -> Findings:
    told = f"the extension {url} is not known here"
    if url.startswith(CORE):
        return error("extension", f"{told}: R4 defines none with this url", ".url")
    severity: Severity = "warning" if name == "modifierExtension" else "information"
    if walk.strict.unknown_extension == "refuse" and not _EXAMPLE(url):
        severity = "error"
    return [(".url", severity, "extension", told)]


def _modifying(name: str, definition: Mapping[str, Any]) -> Findings:
    """Say whether an extension that changes what others mean stands where such do."""
    view = definition.get("snapshot") or definition.get("differential") or {}
    root: Mapping[str, Any] = next(iter(view.get("element", ())), {})
    modifies = bool(root.get("isModifier"))
    if modifies == (name == "modifierExtension"):
        return []
    where = "modifierExtension" if modifies else "extension"
    return error("extension", f"this extension stands under {where}, not under {name}")
