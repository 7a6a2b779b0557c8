"""Rules of R4's text that no invariant says, and invariants said faster by hand.

https://hl7.org/fhir/R4/resource.html and the pages of the types it speaks of
"""

import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_server.spec.structures import Structures
from fhir_server.validation import bundles, narrative
from fhir_server.validation.findings import Findings, Resource, Rule, Visit, below, error, warning
from fhir_server.validation.measure_report import report_findings
from fhir_server.validation.questionnaire.conditions import condition_findings
from fhir_server.validation.questionnaire.response import response_findings
from fhir_server.validation.search_definitions import capability_findings, parameter_findings
from fhir_server.validation.searchset import searchset_findings
from fhir_server.validation.structure_definition import definition_findings
from fhir_server.validation.uris import is_absolute

# What a narrative shows of a contained resource: <img src="#id"/>
_LINK = re.compile(r"""["'](#[A-Za-z0-9.\-]{1,64})["']""")

_Guarded = tuple[frozenset[str] | None, Rule]


def of(structures: Structures, content: str) -> Iterator[_Guarded]:
    """Yield the rules of an object, each with the JSON properties one of which it needs."""
    if structures.is_a(content, "DomainResource"):
        yield frozenset({"contained"}), _contained
    if content == "Extension":
        yield None, _extension
    else:
        yield frozenset({"extension", "modifierExtension"}), _extensions
    yield from _BY_TYPE.get(content, ())


def _extension(value: Any, _visit: Visit) -> Findings | None:
    """Say where ext-1 is broken: it has either extensions or a value.

    https://hl7.org/fhir/R4/extensibility.html#Extension
    """
    valued = any(name.startswith(("value", "_value")) for name in value)
    if valued != ("extension" in value):
        return None
    return error("invariant", "ext-1: an extension has either a value or extensions of its own")


def _extensions(value: Any, _visit: Visit) -> Findings | None:
    """Say which extensions have no absolute url; one inside another may have a relative one."""
    found: Findings = []
    for name in ("extension", "modifierExtension"):
        for index, one in enumerate(value.get(name, ())):
            if not is_absolute(one["url"]):
                told = f"{one['url'][:80]!r} is not absolute: write the whole URL"
                found += error("value", told, f".{name}[{index}].url")
    return found or None


def _once(nested: str, name: str, told: str) -> Rule:
    """Give the rule that a name's values are all different, through every level of `nested`."""

    def rule(value: Any, _visit: Visit) -> Findings | None:
        seen: set[str] = set()
        level = [value]
        while level:
            below_ = level.pop().get(nested, ())
            for one in below_:
                text = one.get(name)
                if text in seen:
                    return error("invariant", f"{told}: {text[:64]!r}", f".{nested}")
                if text is not None:
                    seen.add(text)
            level += below_
        return None

    return rule


def _attachment(value: Any, _visit: Visit) -> Findings | None:
    """Say where size or hash are not those of the data that is here.

    https://hl7.org/fhir/R4/datatypes.html#Attachment
    """
    if "size" not in value and "hash" not in value:
        return None
    data = binascii.a2b_base64(value["data"])
    if value.get("size", len(data)) != len(data):
        told = f"the data has {len(data)} bytes, not {value['size']}"
        return error("invariant", told, ".size")
    if "hash" in value:
        digest = hashlib.sha1(data, usedforsecurity=False).digest()
        if binascii.a2b_base64(value["hash"]) != digest:
            return warning("invariant", "this is not the SHA-1 of the data", ".hash")
    return None


def _contained(value: Any, _visit: Visit) -> Findings | None:
    """Say which contained resource has no id of its own, a version, or nothing that refers to it.

    https://hl7.org/fhir/R4/references.html#contained
    """
    found: Findings = []
    seen: set[str] = set()
    strings = _strings(value)
    named = {text for text in strings if text[:1] == "#"}
    named.update(one for text in strings if text[:4] == "<div" for one in _LINK.findall(text))
    for index, one in enumerate(value["contained"]):
        found += below(f".contained[{index}]", _one_contained(one, seen, named))
    return found or None


def _one_contained(one: Resource, seen: set[str], named: set[str]) -> Findings:
    meta = one.get("meta", {})
    if "versionId" in meta or "lastUpdated" in meta:
        return error("invariant", "dom-4: a contained resource has no version or time", ".meta")
    if "security" in meta:
        return error("invariant", "dom-5: a contained resource has no security label", ".meta")
    identity = one.get("id")
    if identity is None:
        return error("required", "a contained resource needs an id to be referred to by")
    if identity in seen:
        return error("duplicate", f"two contained resources have the id {identity!r}", ".id")
    seen.add(identity)
    if f"#{identity}" not in named and "#" not in _strings(one):
        return error("invariant", f"dom-3: nothing refers to the contained resource #{identity}")
    return []


def _strings(value: Any) -> set[str]:
    """Give every string inside."""
    found: set[str] = set()
    level: list[Any] = [value]
    while level:
        one = level.pop()
        if type(one) is str:
            found.add(one)
        elif type(one) is dict:
            level += one.values()
        elif type(one) is list:
            level += one
    return found


# Type → its rules, each with the JSON properties one of which it needs.
_BY_TYPE: Mapping[str, Sequence[_Guarded]] = {
    "Attachment": [(frozenset({"data"}), _attachment)],
    "Bundle": [
        (frozenset({"entry"}), bundles.rule),
        (frozenset({"entry", "link"}), searchset_findings),
    ],
    "CapabilityStatement": [(frozenset({"rest"}), capability_findings)],
    "CodeSystem": [
        (frozenset({"concept"}), _once("concept", "code", "csd-1: a code stands twice")),
    ],
    "MeasureReport": [(frozenset({"group"}), report_findings)],
    "Narrative": [(None, narrative.rule)],
    "Questionnaire": [
        (frozenset({"item"}), condition_findings),
        (frozenset({"item"}), _once("item", "linkId", "que-2: a linkId stands twice")),
    ],
    "QuestionnaireResponse": [(frozenset({"questionnaire"}), response_findings)],
    "SearchParameter": [(None, parameter_findings)],
    "StructureDefinition": [(frozenset({"differential"}), definition_findings)],
}
