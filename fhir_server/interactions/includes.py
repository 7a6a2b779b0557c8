"""What a page brings along: the resources its matches refer to, and those that refer to them.

https://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.fhir.errors import Issue
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context
from fhir_server.interactions.questions import allowed
from fhir_server.search.chain import has_url, leads_to
from fhir_server.search.condition import AnyOf, Condition, Nothing, both
from fhir_server.search.include import Include
from fhir_server.search.index import REFERENCES_FIELD
from fhir_server.search.query import BY_ID
from fhir_server.search.types.token import ANY_SYSTEM
from fhir_server.spec.spec import Spec
from fhir_server.store.documents import Stored, portions

MAX_ROUNDS = 32
MAX_QUERIES = 500
URL, VERSION = "url", "version"

Key = tuple[str, str]
Fields = Mapping[Key, Mapping[str, Any]]
# Conditions on a type, any of which brings a resource along.
Wanted = tuple[str, list[Condition]]


async def included(
    context: Context,
    includes: Sequence[Include],
    matches: Sequence[Stored],
    fields: Fields | None = None,
) -> tuple[list[Stored], list[Issue]]:
    """Give what the includes bring to these matches, none of them twice, and what is to be said.

    `fields` are those of the matches by `looked_at`, where they were read with them.
    It ends at the limit of includes and at that of a page's bytes; a warning names what is not
    whole then.
    """
    if not includes or not matches:
        return [], []
    room = respond.PAGE - sum(map(_size, matches))
    found = _Found(context, {(one.type, one.id) for one in matches}, room)
    back = any(one.back and not one.source for one in includes)
    types = sorted(await context.store.collections() & context.spec.types.keys()) if back else []
    level, asked = list(matches), list(includes)
    for _ in range(MAX_ROUNDS):
        before = len(found.rows)
        if fields is None:
            fields = await _fields(context, level, asked)
        step, fields = _Step(level, fields, types, found.seen), None
        for one in asked:
            for type_, conditions in _wanted(context.spec, one, step):
                await found.fetch(one, type_, conditions)
        level = found.rows[before:]
        asked = [one for one in includes if one.iterate]
        if not (level and asked):
            return found.rows, found.issues()
    found.cut |= dict.fromkeys(one.text for one in asked)
    return found.rows, found.issues()


@dataclass(frozen=True, slots=True)
class _Step:
    """From where it goes on: resources, what of their index is looked at, the types there are."""

    level: Sequence[Stored]
    fields: Fields
    types: Sequence[str]
    seen: Collection[Key]


@dataclass(slots=True)
class _Found:
    """What was brought along so far, and for how many bytes there is room."""

    context: Context
    seen: set[Key]
    room: int
    rows: list[Stored] = field(default_factory=list)
    cut: dict[str, None] = field(default_factory=dict)
    queries: int = 0

    async def fetch(self, include: Include, type_: str, conditions: Iterable[Condition]) -> None:
        """Add what any of the conditions holds for, as far as it fits."""
        allow = allowed(self.context, type_)
        if isinstance(allow, Nothing):
            return
        for condition in conditions:
            left = self.context.limits.max_includes - len(self.rows)
            self.queries += 1
            if left <= 0 or self.room <= 0 or self.queries > MAX_QUERIES:
                self.cut[include.text] = None
                return
            known = sum(one == type_ for one, _ in self.seen)
            page = await self.context.store.search(
                allow, type_, condition, (BY_ID,), left + known, size=self.room, bare=True
            )
            new = [one for one in page.found if (type_, one.id) not in self.seen]
            self._add(new[:left])
            if page.more or len(new) > left:
                self.cut[include.text] = None

    def _add(self, rows: Sequence[Stored]) -> None:
        self.rows += rows
        self.seen.update((one.type, one.id) for one in rows)
        self.room -= sum(map(_size, rows))

    def issues(self) -> list[Issue]:
        """Give the warning that names what was cut off."""
        if not self.cut:
            return []
        told = (
            f"What {' and '.join(self.cut)} brings along is not whole: a page takes "
            f"{self.context.limits.max_includes} included resources, {respond.PAGE >> 20} MB, "
            f"{MAX_ROUNDS} steps and {MAX_QUERIES} queries. Ask for fewer matches with _count."
        )
        return [Issue("incomplete", told[:1000], severity="warning")]


async def _fields(
    context: Context, level: Sequence[Stored], asked: Sequence[Include]
) -> dict[Key, Mapping[str, Any]]:
    """Give the index fields that the includes look at, of each resource."""
    ids: dict[str, list[str]] = {}
    for one in level:
        ids.setdefault(one.type, []).append(one.id)
    found: dict[Key, Mapping[str, Any]] = {}
    for type_, of_type in ids.items():
        names = looked_at(context.spec, type_, asked)
        for some in portions(of_type) if names else ():
            wanted = AnyOf("_id", tuple(some))
            rows = await context.store.fields(
                allowed(context, type_), type_, wanted, names, len(some)
            )
            found |= {(type_, id_): fields for id_, fields in rows.items()}
    return found


def looked_at(spec: Spec, type_: str, asked: Iterable[Include]) -> list[str]:
    """Give the index fields of a type that the includes look at, without `x.`."""
    found = {one.code or REFERENCES_FIELD for one in asked if not one.back and _from(one, type_)}
    if any(one.back for one in asked) and has_url(spec, type_):
        found.add(URL)
    return sorted(found)


def _from(include: Include, type_: str) -> bool:
    return include.source in ("", type_)


def _to(include: Include, type_: str) -> bool:
    return include.target in ("", type_)


def _wanted(spec: Spec, include: Include, step: _Step) -> Iterator[Wanted]:
    if not include.back:
        yield from _forward(spec, include, step)
        return
    for source in [include.source] if include.source else step.types:
        reached = leads_to(spec, source, include.code) if include.code else spec.types
        names = [
            name
            for one in step.level
            if one.type in reached and _to(include, one.type)
            for name in _known_as(one, step.fields)
        ]
        refers = f"x.{include.code or REFERENCES_FIELD}"
        yield source, [AnyOf(refers, tuple(some)) for some in portions(names)]


def _known_as(one: Stored, fields: Fields) -> list[str]:
    """Give what may refer to a resource: its id, its canonical URL."""
    return [f"{one.type}/{one.id}", *_texts(fields.get((one.type, one.id), {}), URL)]


def _forward(spec: Spec, include: Include, step: _Step) -> Iterator[Wanted]:
    ids: dict[str, dict[str, None]] = {}
    urls: dict[str, None] = {}
    name = include.code or REFERENCES_FIELD
    for (type_, _), values in step.fields.items():
        for text in _versioned(_texts(values, name)) if _from(include, type_) else ():
            target, _, id_ = text.partition("/")
            if target not in spec.types:
                urls[text] = None
            elif _to(include, target) and (target, id_) not in step.seen:
                ids.setdefault(target, {})[id_] = None
    for target, of_type in ids.items():
        yield target, [AnyOf("_id", tuple(some)) for some in portions(of_type)]
    canonicals = [_at(url) for url in urls]
    for target in leads_to(spec, include.source, include.code) if canonicals else ():
        if _to(include, target) and has_url(spec, target):
            yield target, canonicals


def _versioned(urls: Sequence[str]) -> list[str]:
    """Leave out the URL that a resource has beside `url|version` to be found by it."""
    bare = {url.partition("|")[0] for url in urls if "|" in url}
    return [url for url in urls if url not in bare]


def _at(canonical: str) -> Condition:
    url, _, version = canonical.partition("|")
    here = AnyOf(f"x.{URL}", (url,))
    return both(here, AnyOf(f"x.{VERSION}", (f"{ANY_SYSTEM}|{version}",))) if version else here


def _texts(fields: Mapping[str, Any], name: str) -> Sequence[str]:
    value = fields.get(name, ())
    return [value] if isinstance(value, str) else value


def _size(stored: Stored) -> int:
    return len(stored.body or b"")
