"""Known profiles: StructureDefinitions by canonical, each compiled once.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fhir_server.spec.element_tree import Node, tree_of
from fhir_server.spec.snapshots import snapshot
from fhir_server.spec.spec import Spec
from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Findings, error, warning
from fhir_server.validation.profiles.elements import Compiler
from fhir_server.validation.profiles.walk import Check, Item, Walk, exhausted

# Compiled profiles and parsed definitions that are kept, of each.
_KEPT = 4096
_IMPOSED = "http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile ready to check: of `definition`, by `type` and its tree."""

    definition: Mapping[str, Any]
    type: str
    tree: Node
    check: Check | None
    imposed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The profiles of one Spec: those that came with the server, and those that were asked for."""

    spec: Spec
    compiled: dict[str, Profile] = field(default_factory=dict)
    supplied: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def definition(self, canonical: str, walk: Walk) -> Mapping[str, Any] | None:
        """Give the StructureDefinition of a canonical; one that is not here is asked for."""
        found = walk.visit.definitions.profile(canonical) or self._supplied(canonical)
        if found is None:
            found = walk.visit.questions.ask("profile", canonical)
        return found if isinstance(found, Mapping) else None

    def _supplied(self, canonical: str) -> Mapping[str, Any] | None:
        known = self.supplied.get(canonical)
        if known is None:
            url, _, version = canonical.partition("|")
            for one in self.spec.canonicals.find("StructureDefinition", url):
                if version in ("", one.get("version")):
                    _keep(self.supplied, canonical, one)
                    return one
        return known

    def is_ours(self, canonical: str) -> bool:
        """Say whether a definition came with the server."""
        return self._supplied(canonical) is not None

    def profile(self, canonical: str, walk: Walk) -> Profile | None:
        """Give a profile, compiled when first met; None if it is not known.

        Raises SpecError saying why it cannot be used.
        """
        definition = self.definition(canonical, walk)
        if definition is None:
            return None
        known = self.compiled.get(canonical)
        if known is None or known.definition is not definition:
            known = self._compiled(definition, walk)
            _keep(self.compiled, canonical, known)
        return known

    def _compiled(self, definition: Mapping[str, Any], walk: Walk) -> Profile:
        def tree(url: str) -> Node | None:
            found = self.definition(url, walk)
            return self._tree(found, walk) if found else None

        root = self._tree(definition, walk)
        try:
            check = Compiler(self.spec, tree, root).check(root)
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise _unusable(definition, fault) from fault
        imposed = tuple(
            one["valueCanonical"]
            for one in definition.get("extension", ())
            if one.get("url") == _IMPOSED and "valueCanonical" in one
        )
        return Profile(definition, str(definition.get("type", "")), root, check, imposed)

    def _tree(self, definition: Mapping[str, Any], walk: Walk) -> Node:
        try:
            root = tree_of(snapshot(definition, lambda url: self.definition(url, walk)))
            root.element.setdefault("type", [{"code": definition["type"]}])
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise _unusable(definition, fault) from fault
        return root

    def judge(self, item: Item, canonical: str, walk: Walk) -> Findings | None:
        """Give what is wrong with an item by a profile; what is being judged already is met."""
        asked = (canonical, id(item[1]))
        if asked in walk.judging:
            return None
        if not walk.spend(1):
            return exhausted()
        walk.judging.add(asked)
        try:
            return self._judged(item, canonical, walk)
        except SpecError as fault:
            told = f"the profile {canonical} cannot be used: {fault}"
            return _unchecked(walk, "not-supported", told)
        finally:
            walk.judging.discard(asked)

    def _judged(self, item: Item, canonical: str, walk: Walk) -> Findings | None:
        profile = self.profile(canonical, walk)
        if profile is None:
            told = f"the profile {canonical} is not known here, so it was not checked"
            return _unchecked(walk, "not-found", told)
        if not self.spec.structures.is_a(item[0], profile.type):
            told = f"the profile {canonical} is of {profile.type}, not of {item[0]}"
            return error("structure", told)
        found = (profile.check(item, walk) if profile.check else None) or []
        for one in profile.imposed:
            found = [*found, *(self.judge(item, one, walk) or ())]
        return found or None


def _unchecked(walk: Walk, code: str, told: str) -> Findings:
    refused = walk.strict.unknown_profile == "refuse"
    return error(code, told) if refused else warning(code, told)


def _keep(kept: dict[str, Any], key: str, value: Any) -> None:
    if len(kept) >= _KEPT:
        kept.clear()
    kept[key] = value


def _unusable(definition: Mapping[str, Any], fault: Exception) -> SpecError:
    told = str(fault) if isinstance(fault, SpecError) else f"it is not well made ({fault!r:.100})"
    return SpecError(f"{definition.get('url', 'it')}: {told}")


@lru_cache(maxsize=16)
def known_profiles(spec: Spec) -> Known:
    """Give the known profiles of a Spec."""
    return Known(spec)
