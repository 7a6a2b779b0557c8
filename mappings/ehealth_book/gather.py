"""Reading one page of the book: one query per resource type, whatever the number of visits."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fhir_server.fhir import json, reference
from fhir_server.fhir.errors import Gone, Invalid, NotFound, Unprocessable
from fhir_server.interactions import paging
from fhir_server.interactions.context import Context
from fhir_server.search import cursor
from fhir_server.search.condition import AnyOf, Between, Condition, Not, Present, both, either
from fhir_server.search.query import SearchQuery, SortKey
from mappings.ehealth_book.closure import closure
from mappings.ehealth_book.page import Leaf, Page, Visit, entered_in_error, leaf
from mappings.ehealth_book.sections import LINKS

NAME = "$ehealth-book"
MAX_RESOURCES = 2_000
ADMINISTRATIVE = ("Coverage", "RelatedPerson")
HISTORY = ("AllergyIntolerance", "Condition", "FamilyMemberHistory", "Immunization")
NEWEST_VISIT = (
    SortKey("x.date.lo", descending=True),
    SortKey("_id", descending=True, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked: `since` in µs with its text as given, `count` visits, `before` a cursor."""

    patient: str
    count: int
    since: int | None = None
    since_text: str = ""
    before: str | None = None


async def gather(context: Context, wish: Wish) -> Page:
    """Give the page asked for.

    Raises NotFound or Gone for the Patient, Invalid for a cursor that is not of this book, and
    Unprocessable (too-costly) when the page would hold more than MAX_RESOURCES.
    """
    patient = await _patient(context, wish.patient)
    (encounters, older), administrative, history = await asyncio.gather(
        _encounters(context, wish),
        _of_patient(context, wish.patient, ADMINISTRATIVE),
        _of_patient(context, wish.patient, HISTORY),
    )
    visits = await _visits(context, wish.patient, encounters)
    cards = _distinct(administrative)
    known = [patient, *cards, *history]
    known += [one for visit in visits for one in (visit.encounter, *visit.leaves)]
    _bounded(len(known))
    others = await closure(context, known, MAX_RESOURCES - len(known))
    here, next_page = _url(context, wish, wish.before), _url(context, wish, older)
    return Page(
        patient,
        cards,
        history,
        visits,
        others,
        here=here,
        older=next_page if older else None,
    )


async def _patient(context: Context, id_: str) -> Leaf:
    stored = await context.store.read(context.allow(NAME, "Patient"), "Patient", id_)
    if stored is None:
        raise NotFound(f"Patient/{id_} is not known.")
    if stored.deleted:
        raise Gone(f"Patient/{id_} was deleted.")
    return leaf(stored)


async def _encounters(context: Context, wish: Wish) -> tuple[list[Leaf], str | None]:
    wanted: list[Condition] = [
        AnyOf("x.patient", (f"Patient/{wish.patient}",)),
        Not(AnyOf("x.status", ("*|entered-in-error",))),
    ]
    if wish.since is not None:
        touched = await _touched(context, wish.patient, wish.since)
        wanted.append(either(Between("ts", wish.since, single=True), AnyOf("_id", touched)))
    query = SearchQuery(
        "Encounter",
        both(*wanted),
        NEWEST_VISIT,
        count=wish.count,
        after=wish.before,
        applied=((NAME, wish.patient), ("_since", wish.since_text)),
    )
    try:
        cursor.unseal(context.cursor_key, query)
    except Invalid:
        raise Invalid(
            "_before is not a link of this book; follow Composition.relatesTo of its pages.",
            code="value",
        ) from None
    allow = context.allow(NAME, "Encounter")
    found = await paging.page(context, query, allow)
    return [leaf(one) for one in found.rows], found.next


async def _touched(context: Context, patient: str, since: int) -> tuple[str, ...]:
    """Give the ids of the visits something of which was written at or after `since`."""
    found = await asyncio.gather(
        *(
            _found(
                context,
                type_,
                AnyOf("x.patient", (f"Patient/{patient}",)),
                Present(f"x.{link.parameter}"),
                Between("ts", since, single=True),
            )
            for type_, link in LINKS.items()
        )
    )
    targets = (of_visit(context, one) for leaves in found for one in leaves)
    visits = {one for several in targets for one in several}
    return tuple(sorted(one.removeprefix("Encounter/") for one in visits))


async def _visits(context: Context, patient: str, encounters: Sequence[Leaf]) -> tuple[Visit, ...]:
    if not encounters:
        return ()
    wanted = tuple(one.reference for one in encounters)
    found = await asyncio.gather(
        *(
            _found(
                context,
                type_,
                AnyOf("x.patient", (f"Patient/{patient}",)),
                AnyOf(f"x.{link.parameter}", wanted),
            )
            for type_, link in LINKS.items()
        )
    )
    kept: dict[str, list[Leaf]] = {one: [] for one in wanted}
    for one in (one for leaves in found for one in leaves):
        if not entered_in_error(one.resource):
            home = next(visit for visit in of_visit(context, one) if visit in kept)
            kept[home].append(one)
    return tuple(Visit(one, tuple(kept[one.reference])) for one in encounters)


async def _of_patient(context: Context, patient: str, types: Sequence[str]) -> tuple[Leaf, ...]:
    """Give what belongs to the person, not to a visit."""
    mine = AnyOf("x.patient", (f"Patient/{patient}",))
    apart = Not(Present("x.encounter"))
    found = await asyncio.gather(
        *(_found(context, type_, mine, *((apart,) if type_ in LINKS else ())) for type_ in types)
    )
    return tuple(one for leaves in found for one in leaves if not entered_in_error(one.resource))


async def _found(context: Context, type_: str, *conditions: Condition) -> list[Leaf]:
    allow = context.allow(NAME, type_)
    page = await context.store.search(allow, type_, both(*conditions), limit=MAX_RESOURCES)
    _bounded(MAX_RESOURCES + page.more)
    return [leaf(one) for one in page.found]


def of_visit(context: Context, one: Leaf) -> list[str]:
    """Give what the resource names as its visits, as Type/id."""
    named: Any = one.resource.get(LINKS[one.resource["resourceType"]].element, ())
    several: Iterable[Mapping[str, Any]] = [named] if isinstance(named, dict) else named
    texts = (item.get("reference", "") for item in several)
    found = (reference.target(text, (context.base_url,)) for text in texts)
    return [text for text in found if text.startswith("Encounter/")]


def _distinct(leaves: Sequence[Leaf]) -> tuple[Leaf, ...]:
    """Give each card once: every visit brings the Coverage of the same card again."""
    kept: dict[bytes, Leaf] = {}
    for one in leaves:
        said = {name: part for name, part in one.resource.items() if name not in ("id", "meta")}
        kept.setdefault(json.dump(said), one)
    return tuple(kept.values())


def _bounded(size: int) -> None:
    if size > MAX_RESOURCES:
        raise Unprocessable(
            f"This page of the book would hold more than {MAX_RESOURCES} resources; "
            "ask for fewer visits with _count.",
            code="too-costly",
        )


def _url(context: Context, wish: Wish, before: str | None) -> str:
    asked = [("_count", str(wish.count))]
    if wish.since_text:
        asked.append(("_since", wish.since_text))
    if before:
        asked.append(("_before", before))
    return f"{context.base_url}/Patient/{wish.patient}/{NAME}?{urlencode(asked)}"
