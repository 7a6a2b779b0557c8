"""What a search type writes: the collections it puts into what it makes of a value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

# It takes a value, the place and the collections.
Add: TypeAlias = Callable[..., None]
Adds: TypeAlias = Callable[[str], Add]
# It takes the fields, a value and the place; it says whether it has written all there is.
Alone: TypeAlias = Callable[[dict[str, Any], Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Writes:
    """How the values of a parameter become fields.

    `adds` gives, for a FHIR type, what puts a value of it into the collections: those of `into`, in
    order, each a list, or a dict where what comes twice stands once. Their names stand behind the
    parameter's code. What is empty is left out; a `scalar` is no array where the parameter can have
    only one value. `alone` gives, for a FHIR type and a parameter's code, what writes the fields of
    its one value faster, where that is plain; None for a type of which nothing is.
    """

    adds: Adds
    into: Mapping[str, type[list[Any]] | type[dict[Any, None]]]
    scalar: bool = False
    alone: Callable[[str, str], Alone | None] = lambda _content, _code: None

    def told(self, name: str, variable: str, *, single: bool) -> str:
        """Give the source of a field's value, its collection being in a variable."""
        listed = f"list({variable})" if self.into[name] is dict else variable
        if not (single and self.scalar):
            return listed
        return f"next(iter({variable})) if len({variable}) == 1 else {listed}"


def by_type(known: Mapping[str, Add], other: Add) -> Adds:
    """Give what adds a value, by its FHIR type; `other` for types not known."""
    return lambda content: known.get(content, other)
