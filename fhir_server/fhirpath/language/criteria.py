"""What is asked of each item of a collection: criteria and projections, with their $index."""

from collections.abc import Callable
from typing import TypeVar

from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.step import Scope, Step
from fhir_server.fhirpath.syntax import Node, Variable, parts

_Found = TypeVar("_Found")


def inner(scope: Scope, source: Step, node: Node) -> Step:
    """Compile what is asked of each item of a source."""
    return scope.compile(Scope(scope.model, scope.compile, source.types, inside=True), node)


def each(
    function: Callable[[Item, Frame], _Found], node: Node
) -> Callable[[list[Item], Frame], list[_Found]]:
    """Give the function that asks each item."""

    def plain(items: list[Item], frame: Frame) -> list[_Found]:
        frame.spend(len(items))
        return [function(item, frame) for item in items]

    def counted(items: list[Item], frame: Frame) -> list[_Found]:
        frame.spend(len(items))
        before = frame.index
        found = []
        for index, item in enumerate(items):
            frame.index = index
            found.append(function(item, frame))
        frame.index = before
        return found

    return counted if _mentions_index(node) else plain


def _mentions_index(node: Node) -> bool:
    return node == Variable("$index") or any(_mentions_index(part) for part in parts(node))
