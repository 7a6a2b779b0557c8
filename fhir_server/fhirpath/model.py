"""What FHIRPath asks of the definitions: which JSON properties an element appears as."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Member:
    """One JSON property of an element: `value[x]` has one for each of its types.

    `content` names what stands in it: a type (`Quantity`) or, for an element defined in place,
    its path (`Observation.component`); `binding` the value set its codes must come from, if any.
    """

    key: str
    content: str
    single: bool
    primitive: bool
    binding: str = ""


class Model(Protocol):
    """The definitions, as far as a path needs them."""

    def members(self, content: str, name: str) -> tuple[Member, ...]:
        """Give the properties the element `name` of `content` can appear as; () if it has none."""

    def children(self, content: str) -> tuple[Member, ...]:
        """Give the properties of all elements of `content`, in order."""

    def base(self, content: str) -> str:
        """Give the type `content` is made from (`code`: `string`); '' if there is none."""

    def primitive(self, type_: str) -> bool:
        """Say whether values of the type are plain JSON values."""

    def is_a(self, content: str, type_: str) -> bool:
        """Say whether `content` is the type or a specialisation; a primitive is only itself."""

    def knows(self, type_: str) -> bool:
        """Say whether this is the name of a type."""
