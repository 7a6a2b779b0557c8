"""Support: which elements a profile asks systems to support that a resource does not have.

https://hl7.org/fhir/R4/conformance-rules.html#mustSupport
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import Issue
from fhir_server.spec.element_tree import Node
from fhir_server.spec.structures import Structures
from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Definitions, Findings, Visit, below, issues_of
from fhir_server.validation.profiles.discriminators import TreeOf, matcher
from fhir_server.validation.profiles.known import known_profiles
from fhir_server.validation.profiles.walk import Placed, Walk, items
from fhir_server.validation.questions import Questions


def support_issues(
    definitions: Definitions, profile: str, resource: Mapping[str, Any], questions: Questions
) -> list[Issue]:
    """Give an information for each must-support element that is missing where its parent is not.

    The resource is built well. Raises SpecError for a profile that is not known or cannot be used.
    """
    known = known_profiles(definitions.spec)
    walk = Walk(Visit(definitions, questions, resource, resource), known.judge)
    tree = known.tree(profile, walk)
    if tree is None:
        raise SpecError(f"the profile {profile} is not known here")

    def tree_of(url: str) -> Node | None:
        return known.tree(url, walk)

    looking = _Looking(definitions.spec.structures, tree_of, walk)
    type_ = resource["resourceType"]
    return issues_of(type_, looking.missing(tree, type_, resource))


class _Looking:
    """One look for what is missing."""

    __slots__ = ("structures", "tree_of", "walk")

    def __init__(self, structures: Structures, tree_of: TreeOf, walk: Walk) -> None:
        self.structures, self.tree_of, self.walk = structures, tree_of, walk

    def missing(self, node: Node, content: str, value: Mapping[str, Any]) -> Findings:
        """Give what is missing in an object."""
        found: Findings = []
        for child in node.children:
            name = child.name.removesuffix("[x]")
            members = self.structures.members(content, name)
            said = self._element(child, items(value, members)) if members else []
            found += below(f".{name}", said)
        return found

    def _element(self, node: Node, placed: Sequence[Placed]) -> Findings:
        if not placed:
            return _missing(node.name) if node.element.get("mustSupport") else []
        found = self._inside(node, placed)
        for one in node.slices:
            found += self._slice(one, placed, node.element.get("slicing", {}))
        return found

    def _slice(self, node: Node, placed: Sequence[Placed], how: Mapping[str, Any]) -> Findings:
        discriminators = how.get("discriminator", ())
        if not discriminators:
            return []
        matches = matcher(self.structures, self.tree_of, node, discriminators)
        members = [(place, item) for place, item in placed if matches(item, self.walk)]
        if not members:
            told = f"the slice {node.slice!r} of {node.name}"
            return _missing(told) if node.element.get("mustSupport") else []
        return self._inside(node, members)

    def _inside(self, node: Node, placed: Sequence[Placed]) -> Findings:
        found: Findings = []
        for place, (type_, value, _) in placed if node.children else ():
            if isinstance(value, Mapping):
                found += below(place, self.missing(node, type_, value))
        return found


def _missing(name: str) -> Findings:
    return [("", "information", "informational", f"{name} is must-support, and not given")]
