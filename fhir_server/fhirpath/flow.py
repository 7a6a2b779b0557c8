"""A compiled path: what it yields, how often, the closure that yields it, and its steps as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

# (type or path of an element defined in place, JSON value): ("Quantity", {...})
Item: TypeAlias = tuple[str, Any]
# (root resource, focus) → items
Run: TypeAlias = Callable[[Item, Item], list[Item]]
# (root resource, item) → does it hold? None is neither.
Test: TypeAlias = Callable[[Item, Item], bool | None]


@dataclass(frozen=True, slots=True)
class To:
    """A step to elements: by content, the JSON properties they stand in and what stands there."""

    properties: Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Only:
    """A step that keeps the values of these contents."""

    contents: frozenset[str]


@dataclass(frozen=True, slots=True)
class Where:
    """A step that keeps the values a test holds for."""

    test: Test


Way: TypeAlias = tuple[To | Only | Where, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """A path compiled for one focus.

    `contents` are the types it can yield; none means it yields nothing ever. `single`: at most
    one value. `origin` is the path without `as`, so branches over one choice element share it.
    `targets` are the types `where(resolve() is T)` leaves. `shadow` yields the Elements that
    carry the id and the extensions of primitives (JSON's `_birthDate`). `roots` are the keys of
    the resource without any of which the path yields nothing; () if that is not known.
    `bindings` are the value sets its codes come from. `ways` are its steps from the focus, a way
    for each branch; () where `run` alone can tell.
    """

    contents: frozenset[str]
    single: bool
    run: Run
    origin: str = ""
    targets: tuple[str, ...] = ()
    shadow: "Flow | None" = None
    roots: tuple[str, ...] = ()
    bindings: frozenset[str] = frozenset()
    ways: tuple[Way, ...] = ()

    def truth(self, root: Item, focus: Item) -> bool | None:
        """Give the path's value as a criterion; None if it has none."""
        items = self.run(root, focus)
        if len(items) == 1 and isinstance(items[0][1], bool):
            return items[0][1]
        return bool(items) or None


def nothing() -> Flow:
    """Give the path that never yields."""
    return Flow(frozenset(), single=True, run=lambda _root, _focus: [])


def constant(type_: str, value: Any) -> Flow:
    """Give the path of a literal."""
    items = [(type_, value)]
    return Flow(frozenset([type_]), single=True, run=lambda _root, _focus: items)
