"""Known profiles: StructureDefinitions by canonical, each compiled once.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from fhir_server.spec.element_tree import Node, tree_of
from fhir_server.spec.snapshots import Find, snapshot
from fhir_server.spec.spec import Spec
from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Findings, error, warning
from fhir_server.validation.profiles.discriminators import fixed_url
from fhir_server.validation.profiles.elements import Compiler
from fhir_server.validation.profiles.verdict import Verdict, verdict
from fhir_server.validation.profiles.walk import Check, Item, Walk, exhausted

# Compiled profiles and parsed definitions that are kept, of each.
_KEPT = 4096
_IN_PLACE = ("BackboneElement", "Element")
_IMPOSED = "http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile ready to check items of `type`; `sources` did not come with the server.

    `parts` are the urls and names of the slices of its extensions, `verdicts` by the type of item.
    """

    type: str
    check: Check | None
    sources: dict[str, Mapping[str, Any]]
    imposed: tuple[str, ...] = ()
    parts: frozenset[str] = frozenset()
    verdicts: dict[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The profiles of one Spec: those that came with the server, and those that were asked for."""

    spec: Spec
    compiled: dict[str, Profile] = field(default_factory=dict)
    supplied: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def definition(self, canonical: str, walk: Walk) -> Mapping[str, Any] | None:
        """Give the StructureDefinition of a canonical; one that is not here is asked for."""
        found = self._supplied(canonical) or walk.visit.definitions.profile(canonical)
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
        """Give a profile, compiled when first met or changed; None if it is not known.

        `url#Composition.section:a` is one element of a profile. Raises SpecError saying why it
        cannot be used.
        """
        known = self.compiled.get(canonical)
        if known is None or not self._is_fresh(known, walk):
            known = self._compiled(canonical, walk)
            if known:
                _keep(self.compiled, canonical, known)
        return known

    def _is_fresh(self, known: Profile, walk: Walk) -> bool:
        """Say whether all a profile was made from is still the same."""
        for url, made_from in known.sources.items():
            now = self.definition(url, walk)
            if now is not made_from:
                if now != made_from:
                    return False
                known.sources[url] = now
        return True

    def _compiled(self, canonical: str, walk: Walk) -> Profile | None:
        url, _, element = canonical.partition("#")
        sources: dict[str, Mapping[str, Any]] = {}

        def find(wanted: str) -> Mapping[str, Any] | None:
            found = self.definition(wanted, walk)
            if found is not None and wanted not in self.supplied:
                sources[wanted] = found
            return found

        definition = find(url)
        if definition is None:
            return None
        made = self.made(definition, find, element)
        return replace(made, sources=sources)

    def made(self, definition: Mapping[str, Any], find: Find, element: str = "") -> Profile:
        """Give the profile a definition makes, or one element of it; SpecError says why not."""
        url = str(definition.get("url"))
        root = _tree(definition, find)
        node = root.at(element) if element else root
        if node is None:
            raise SpecError(f"{url} has no element {element[:100]!r}")
        types = [str(one.get("code", "")) for one in node.element.get("type", ())]
        with _making(url):
            # An element defined in place is called by its path.
            path = ".".join(part.partition(":")[0] for part in element.split("."))
            contents = [*types, path] if element else types
            check = Compiler(self.spec, lambda url: _part(url, find), root).compiled(node, contents)
        imposed = () if element else tuple(_imposed(definition))
        parts = frozenset(_parts(node))
        return Profile(types[0] if types else path, check, {}, imposed, parts)

    def tree(self, canonical: str, walk: Walk) -> Node | None:
        """Give the tree of a profile's snapshot, or of one element in it; None if not known."""
        return _part(canonical, lambda url: self.definition(url, walk))

    def judge(self, item: Item, canonical: str, walk: Walk) -> Findings | None:
        """Give what is wrong with an item by a profile; what is being judged already is met."""
        asked = (canonical, id(item[1]))
        if asked in walk.judging:
            return None
        if asked in walk.judged:
            return list(walk.judged[asked][1])
        if not walk.spend(1):
            return exhausted()
        walk.judging.add(asked)
        try:
            found = self._judged(item, canonical, walk)
        except SpecError as fault:
            told = f"the profile {canonical} cannot be used: {fault}"
            found = _unchecked(walk, "not-supported", told)
        finally:
            walk.judging.discard(asked)
        if type(item[1]) is dict:
            # The value is kept too: no other may take its place in memory.
            walk.judged[asked] = item[1], list(found or ())
        return found

    def _judged(self, item: Item, canonical: str, walk: Walk) -> Findings | None:
        profile = self.profile(canonical, walk)
        if profile is None:
            told = f"the profile {canonical} is not known here, so it was not checked"
            return _unchecked(walk, "not-found", told)
        in_place = "." in item[0] and profile.type in _IN_PLACE
        if not in_place and not self.spec.structures.is_a(item[0], profile.type):
            told = f"the profile {canonical} is of {profile.type}, not of {item[0]}"
            return error("structure", told)
        found = self._told(profile, item, walk) or []
        for one in profile.imposed:
            found = [*found, *(self.judge(item, one, walk) or ())]
        return found or None

    def _told(self, profile: Profile, item: Item, walk: Walk) -> Findings | None:
        """Give what a profile says of an item; mostly that is nothing, which is quickly known."""
        content, value, _ = item
        if profile.check is None:
            return None
        if type(value) is dict and walk.is_plain(value):
            well = profile.verdicts.get(content)
            if well is None:
                well = verdict(self.spec.structures, profile.check, content)
                profile.verdicts[content] = well
            if well(value, walk):
                return None
        return profile.check(item, walk)


def _part(canonical: str, find: Find) -> Node | None:
    """Give the tree of a profile, or of the element of it named after `#`; None if not known."""
    url, _, element = canonical.partition("#")
    definition = find(url)
    if definition is None:
        return None
    root = _tree(definition, find)
    return root.at(element) if element else root


def _tree(definition: Mapping[str, Any], find: Find) -> Node:
    with _making(str(definition.get("url"))):
        root = tree_of(snapshot(definition, find))
        root.element.setdefault("type", [{"code": definition["type"].rpartition("/")[2]}])
    return root


def _parts(node: Node) -> Iterator[str]:
    extensions = node.child("extension")
    for one in extensions.slices if extensions else ():
        yield one.slice
        yield fixed_url(one)


@contextmanager
def _making(url: str) -> Iterator[None]:
    """Turn what a definition that is not well made leads to into a SpecError that names it."""
    try:
        yield
    except SpecError as fault:
        raise SpecError(f"{url}: {fault}") from fault
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as fault:
        raise SpecError(f"{url}: it is not well made ({fault!r:.100})") from fault


def _imposed(definition: Mapping[str, Any]) -> Iterator[str]:
    for one in definition.get("extension", ()):
        if one.get("url") == _IMPOSED and isinstance(one.get("valueCanonical"), str):
            yield one["valueCanonical"]


def _unchecked(walk: Walk, code: str, told: str) -> Findings:
    refused = walk.strict.unknown_profile == "refuse"
    return error(code, told) if refused else warning(code, told)


def _keep(kept: dict[str, Any], key: str, value: Any) -> None:
    if len(kept) >= _KEPT:
        kept.clear()
    kept[key] = value


@lru_cache(maxsize=16)
def known_profiles(spec: Spec) -> Known:
    """Give the known profiles of a Spec."""
    return Known(spec)
