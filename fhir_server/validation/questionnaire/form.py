"""A Questionnaire looked up by linkId: its items, and the groups and questions around each.

https://hl7.org/fhir/R4/questionnaire.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from fhir_server.validation.questionnaire.values import value_of

Item: TypeAlias = Mapping[str, Any]

# Items deeper than JSON is nested are not met.
_GROUPS = ("group", "display")


@dataclass(frozen=True)
class Form:
    """A Questionnaire; it is only read."""

    resource: Mapping[str, Any]

    @property
    def items(self) -> Sequence[Item]:
        """Give the items at the top."""
        found: Sequence[Item] = self.resource.get("item", ())
        return found

    @cached_property
    def paths(self) -> Mapping[str, tuple[str, ...]]:
        """Give, by linkId, the linkIds of the items around it, the outermost first."""
        return {link_of(item): path for item, path in _all(self.items, ())}

    def around(self, one: str, other: str) -> str:
        """Give the linkId of the innermost item around both, "" if that is the Questionnaire."""
        shared = ""
        for here, there in zip(self.paths.get(one, ()), self.paths.get(other, ()), strict=False):
            if here != there:
                break
            shared = here
        return shared

    def value_set(self, reference: str) -> Mapping[str, Any] | None:
        """Give the ValueSet contained in the Questionnaire that `#id` names."""
        contained = self.resource.get("contained", ())
        return next((one for one in contained if f"#{one.get('id')}" == reference), None)


def link_of(item: Item) -> str:
    """Give the linkId of an item; "" where an extension says why there is none."""
    return str(item.get("linkId", ""))


def is_question(item: Item) -> bool:
    """Say whether an item asks for an answer."""
    return item.get("type") not in _GROUPS


def extensions(item: Item, url: str, *types: str) -> list[Any]:
    """Give the values of the extensions of an item with this url, those of these types."""
    found = [value_of(one, "value") for one in item.get("extension", ()) if one.get("url") == url]
    return [value for type_, value in filter(None, found) if type_ in types]


def every(items: Sequence[Item]) -> Iterator[Item]:
    """Give items and all items in them, of a Questionnaire or of a response."""
    waiting = list(items)
    while waiting:
        item = waiting.pop()
        yield item
        waiting += item.get("item", ())
        waiting += [inner for answer in item.get("answer", ()) for inner in answer.get("item", ())]


def _all(items: Sequence[Item], path: tuple[str, ...]) -> Iterator[tuple[Item, tuple[str, ...]]]:
    for item in items:
        yield item, path
        yield from _all(item.get("item", ()), (*path, link_of(item)))
