"""Everything a page refers to, so that each of its references resolves inside it.

https://hl7.org/fhir/R4/documents.html#content
"""

import asyncio
from collections.abc import Iterable, Sequence

from fhir_server.fhir import reference
from fhir_server.fhir.errors import Unprocessable
from fhir_server.interactions.context import Context
from mappings.ehealth_book.page import Leaf, leaf

_NAME = "$ehealth-book"


async def closure(context: Context, known: Sequence[Leaf], room: int) -> tuple[Leaf, ...]:
    """Give what is referred to, and what that refers to, until nothing is missing.

    A target that was deleted or never was stays unresolved; one marked entered-in-error is given.
    Raises Unprocessable (too-costly) when more than `room` resources would be needed.
    """
    seen = {one.reference for one in known}
    latest: Sequence[Leaf] = known
    found: list[Leaf] = []
    while missing := sorted(set(_targets(context, latest)) - seen):
        if len(found) + len(missing) > room:
            raise Unprocessable(
                "What this page of the book refers to is more than one document may hold; "
                "ask for fewer visits with _count.",
                code="too-costly",
            )
        seen.update(missing)
        latest = await _read(context, missing)
        found += latest
    return tuple(found)


def _targets(context: Context, leaves: Iterable[Leaf]) -> Iterable[str]:
    for one in leaves:
        for _, text in reference.references(one.resource):
            target = reference.parse(reference.target(text, (context.base_url,)))
            if target.kind == "relative" and target.type in context.spec.types:
                yield f"{target.type}/{target.id}"


async def _read(context: Context, wanted: Sequence[str]) -> list[Leaf]:
    by_type: dict[str, list[str]] = {}
    for one in wanted:
        type_, _, id_ = one.partition("/")
        by_type.setdefault(type_, []).append(id_)
    answers = await asyncio.gather(
        *(
            context.store.read_many(context.allow(_NAME, type_), type_, ids)
            for type_, ids in by_type.items()
        )
    )
    current = (one for answer in answers for one in answer.values() if not one.deleted)
    return sorted(map(leaf, current), key=lambda one: one.reference)
