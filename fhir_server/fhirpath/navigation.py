"""Steps of a path: to an element, to a type, to a position, to what a reference names.

JSON form of elements: https://hl7.org/fhir/R4/json.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhir_server.fhirpath.flow import Flow, Item, Only, Run, To, nothing
from fhir_server.fhirpath.model import Member, Model
from fhir_server.fhirpath.syntax import FhirPathError

# Types whose JSON says itself what it is.
OPEN = frozenset({"Resource", "DomainResource"})


def child(model: Model, source: Flow, name: str) -> Flow:
    """Give the step to the element `name`; FhirPathError if no type of the source has it."""
    if not source.contents:
        return nothing()
    if name in ("extension", "id") and source.shadow is not None:
        return child(model, source.shadow, name)
    table = {content: model.members(content, name) for content in sorted(source.contents)}
    members = [member for row in table.values() for member in row]
    if not members:
        raise FhirPathError(f"{' and '.join(table)} have no element {name!r}")
    single = source.single and all(member.single for member in members)
    origin = f"{source.origin}.{name}"
    shadow = None
    steps = _steps(table)
    if any(member.primitive for member in members):
        shadows = {
            content: tuple(
                Member(f"_{member.key}", "Element", single=member.single, primitive=False)
                for member in row
                if member.primitive
            )
            for content, row in table.items()
        }
        beside = _steps(shadows)
        shadow = Flow(
            frozenset(["Element"]),
            single,
            _walk(source.run, beside),
            f"{origin}._",
            roots=_roots(source, [member for row in shadows.values() for member in row]),
            ways=tuple((*way, To(beside)) for way in source.ways),
        )
    contents = frozenset(member.content for member in members)
    roots = _roots(source, members)
    return Flow(
        contents,
        single,
        _walk(source.run, steps),
        origin,
        shadow=shadow,
        roots=roots,
        bindings=frozenset(member.binding for member in members if member.binding),
        # What says itself what it is, is looked at when it is there.
        ways=() if contents & OPEN else tuple((*way, To(steps)) for way in source.ways),
    )


def _roots(source: Flow, members: Sequence[Member]) -> tuple[str, ...]:
    """Give the resource's keys a step needs: its own if it is the first, else its source's."""
    if "." in source.origin:
        return source.roots
    return tuple(sorted({member.key for member in members}))


def _steps(table: Mapping[str, tuple[Member, ...]]) -> dict[str, tuple[tuple[str, str], ...]]:
    return {content: tuple((m.key, m.content) for m in row) for content, row in table.items()}


def _walk(source: Run, steps: Mapping[str, tuple[tuple[str, str], ...]]) -> Run:
    def run(root: Item, focus: Item) -> list[Item]:
        found: list[Item] = []
        for content, value in source(root, focus):
            if type(value) is not dict:
                continue
            for key, type_ in steps.get(content, ()):
                inner = value.get(key)
                if inner is None:
                    continue
                if type_ in OPEN:
                    found += [(_type_of(item), item) for item in _listed(inner)]
                elif type(inner) is list:
                    found += [(type_, item) for item in inner if item is not None]
                else:
                    found.append((type_, inner))
        return found

    return run


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _type_of(resource: Any) -> str:
    type_ = resource.get("resourceType") if isinstance(resource, dict) else None
    return type_ if isinstance(type_, str) else "Resource"


def narrowed(model: Model, source: Flow, type_: str) -> Flow:
    """Give `source as type_`: only the values that are of this type."""
    kept = {content for content in source.contents if model.is_a(content, type_)}
    if any(model.is_a(type_, content) for content in source.contents):
        kept.add(type_)
    contents = frozenset(kept)
    if not contents:
        return replace(nothing(), origin=source.origin)
    run, ways = source.run, source.ways
    if contents != source.contents:
        before = source.run
        ways = tuple((*way, Only(contents)) for way in ways)

        def run(root: Item, focus: Item) -> list[Item]:
            return [item for item in before(root, focus) if item[0] in contents]

    roots = _narrowed_roots(source, contents)
    return replace(source, contents=contents, run=run, roots=roots, ways=ways)


def _narrowed_roots(source: Flow, contents: frozenset[str]) -> tuple[str, ...]:
    """Of a choice element that is the first step, give the keys of the types that are left."""
    _, _, name = source.origin.partition(".")
    keys = {f"{name}{content[:1].upper()}{content[1:]}" for content in contents}
    return tuple(root for root in source.roots if root in keys) or source.roots


def at(source: Flow, position: int) -> Flow:
    """Give `source[position]`, counted from 0."""

    def run(root: Item, focus: Item) -> list[Item]:
        return source.run(root, focus)[position : position + 1]

    origin = f"{source.origin}[{position}]"
    return replace(source, single=True, run=run, origin=origin, shadow=None, ways=())


def union(flows: Sequence[Flow]) -> Flow:
    """Give `a | b | …`: each value once."""
    live = [flow for flow in flows if flow.contents]
    if len(live) <= 1:
        return live[0] if live else nothing()
    runs = [flow.run for flow in live]

    def run(root: Item, focus: Item) -> list[Item]:
        found = {(item[0], id(item[1])): item for each in runs for item in each(root, focus)}
        return list(found.values())

    origins = {flow.origin for flow in live}
    return Flow(
        frozenset(content for flow in live for content in flow.contents),
        single=len(origins) == 1 and all(flow.single for flow in live),
        run=run,
        origin=" | ".join(sorted(origins)),
        targets=_joined(live),
        roots=_any_root(live),
        bindings=frozenset().union(*(flow.bindings for flow in live)),
        ways=tuple(way for flow in live for way in flow.ways) if all(f.ways for f in live) else (),
    )


def _any_root(flows: Sequence[Flow]) -> tuple[str, ...]:
    if not all(flow.roots for flow in flows):
        return ()
    return tuple(sorted({root for flow in flows for root in flow.roots}))


def _joined(flows: Sequence[Flow]) -> tuple[str, ...]:
    if not all(flow.targets for flow in flows):
        return ()
    return tuple(sorted({target for flow in flows for target in flow.targets}))


def resolved(source: Flow) -> Flow:
    """Give `source.resolve()`, of which only the type is known: no resource is fetched."""

    def run(root: Item, focus: Item) -> list[Item]:
        named = [(referred_type(value, root[1]), value) for _type, value in source.run(root, focus)]
        return [(type_, value) for type_, value in named if type_ is not None]

    return Flow(frozenset(["Resource"]), source.single, run, f"{source.origin}.resolve()")


def referred_type(reference: Any, resource: Any) -> str | None:
    """Give the type a Reference names: by its `type`, its URL, or the contained resource.

    https://hl7.org/fhir/R4/references.html
    """
    if not isinstance(reference, dict):
        return None
    type_, url = reference.get("type"), reference.get("reference")
    if not isinstance(url, str):
        return type_ if isinstance(type_, str) else None
    if url.startswith("#"):
        return _contained_type(url[1:], resource)
    parts = url.partition("/_history/")[0].rsplit("/", 2)
    if len(parts) > 1 and not url.startswith("urn:"):
        return parts[-2]
    return type_ if isinstance(type_, str) else None


def _contained_type(identity: str, resource: Any) -> str | None:
    contained = resource.get("contained", ()) if isinstance(resource, dict) else ()
    for inner in contained:
        if isinstance(inner, dict) and inner.get("id") == identity:
            return _type_of(inner)
    return None
