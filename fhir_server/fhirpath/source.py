"""Paths as Python source: nested loops over the JSON properties their steps lead to.

`a.b.where(…)` becomes, for the values of `a` in `v1`:

    for v2 in v1 if type(v1) is list else (v1,):
        if type(v2) is dict:
            v3 = v2.get('b')
            …

Only names of definitions and texts in `repr` come into the source, whoever wrote the expression.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, TypeAlias

from fhir_server.fhirpath.flow import Flow, Item, Only, Test, To, Way
from fhir_server.fhirpath.lines import INDENT, Lines

# (content, name of the variable that holds the value, depth) → the lines for one value.
Then: TypeAlias = Callable[[str, str, int], None]

ROOT = "resource"
# Python nests twenty loops at most. Longer paths, and those to the fifty types an extension may
# have, are left to their closures.
_MOST_STEPS, _MOST_WAYS, _MOST_PROPERTIES = 8, 64, 16


@dataclass(slots=True, kw_only=True)
class Source(Lines):
    """The lines of a function of `resource`, and the objects they name."""

    names: dict[str, Any] = field(default_factory=lambda: {"distinct": distinct})
    tops: dict[str, str] = field(default_factory=dict)
    # What is not None where lines are added now.
    sure: str = ""

    def top(self, key: str) -> str:
        """Give the name of what stands under a key of the resource: it is looked up once."""
        return self.tops.get(key) or self.tops.setdefault(key, self.fresh("top"))

    def within(self, depth: int, keys: Sequence[str], unless: str = "") -> None:
        """Add the condition that something stands under one of the keys; none: there always is.

        And that what is said in `unless` does not hold.
        """
        tops = [self.top(key) for key in keys]
        there = " or ".join(f"{top} is not None" for top in tops) or "True"
        self.add(depth, f"if ({there}) and not ({unless}):" if unless else f"if {there}:")
        self.sure = tops[0] if len(tops) == 1 else ""

    def function(self, head: str) -> str:
        """Give the text of the function: its head, the look-ups, the lines."""
        looked = [f"{INDENT}{name} = get({key!r})" for key, name in self.tops.items()]
        return "\n".join([head, f"{INDENT}get = {ROOT}.get", *looked, *self.lines, ""])

    def made(self, text: str, name: str, where: str) -> Any:
        """Give the function a text defines."""
        code: CodeType = compile(text, where, "exec")
        exec(code, self.names)  # noqa: S102 (the text is `function`'s, of names and `repr` alone)
        return self.names[name]


def gather(source: Source, flow: Flow, focus: tuple[str, str], depth: int) -> str:
    """Write what lists the items of a path; give the name of the list.

    `focus`: content and variable of the value the path starts at.
    """
    content, value = focus
    found = source.fresh("found")
    if not _is_plain(flow):
        run = source.named("run", flow.run)
        source.add(depth, f"{found} = {run}(root, ({content!r}, {value}))")
        return found

    def then(content: str, value: str, depth: int) -> None:
        source.add(depth, f"{found}.append(({content!r}, {value}))")

    source.add(depth, f"{found} = []")
    for way in flow.ways:
        walk(source, way, focus, depth, then)
    if len(flow.ways) > 1:
        source.add(depth, f"if len({found}) > 1:")
        source.add(depth + 1, f"{found} = distinct({found})")
    return found


def each(source: Source, flow: Flow, focus: tuple[str, str], depth: int, then: Then) -> None:
    """Write the loops over the values of a path, `then` what is done with each."""
    if _is_plain(flow):
        for way in flow.ways:
            walk(source, way, focus, depth, then)
        return
    found = gather(source, flow, focus, depth)
    for content in sorted(flow.contents):
        kind, value = source.fresh("kind"), source.fresh()
        source.add(depth, f"for {kind}, {value} in {found}:")
        source.add(depth + 1, f"if {kind} == {content!r}:")
        then(content, value, depth + 2)


def walk(source: Source, way: Way, focus: tuple[str, str], depth: int, then: Then) -> None:
    """Write the loops of one way."""
    content, value = focus
    if not way:
        then(content, value, depth)
        return
    step, rest = way[0], way[1:]
    if isinstance(step, Only):
        if content in step.contents:
            walk(source, rest, focus, depth, then)
    elif isinstance(step, To):
        _to(
            source, step, focus, depth, lambda *inner: walk(source, rest, inner[:2], inner[2], then)
        )
    else:
        test = source.named("test", step.test)
        source.add(depth, f"if {test}(root, ({content!r}, {value})):")
        walk(source, rest, focus, depth + 1, then)


def apart(flow: Flow, content: str) -> bool:
    """Say whether the ways can be walked one after the other: no value is on two of them."""
    if not _is_plain(flow):
        return False
    ends = [_ends(way, content) for way in flow.ways]
    return len(ends) == 1 or sum(map(len, ends)) == len(set().union(*ends))


def _ends(way: Way, content: str) -> set[tuple[str, ...]]:
    """Give the JSON properties, from the value down, that a way can end at."""
    reached: set[tuple[tuple[str, ...], str]] = {((), content)}
    for step in way:
        if isinstance(step, To):
            reached = {
                ((*keys, key), inner)
                for keys, one in reached
                for key, inner in step.properties.get(one, ())
            }
        elif isinstance(step, Only):
            reached = {(keys, one) for keys, one in reached if one in step.contents}
    return {keys for keys, _ in reached}


def roots(way: Way, content: str) -> Sequence[str]:
    """Give the keys of a value of this content that a way starts with, () where it has no step."""
    first, *rest = way or (None,)
    if not isinstance(first, To):
        return ()
    wanted = rest[0].contents if rest and isinstance(rest[0], Only) else None
    listed = first.properties.get(content, ())
    return [key for key, inner in listed if wanted is None or inner in wanted]


def properties(way: Way, content: str) -> tuple[list[tuple[str, str]], list[Test]] | None:
    """Give the properties of a value that a way of one step leads to, and what is asked there.

    None where it has more steps.
    """
    first, *rest = way or (None,)
    if not isinstance(first, To):
        return None
    listed, tests = [*first.properties.get(content, ())], list[Test]()
    for step in rest:
        if isinstance(step, To):
            return None
        if isinstance(step, Only):
            listed = [(key, inner) for key, inner in listed if inner in step.contents]
        else:
            tests.append(step.test)
    return (listed, tests) if listed else None


def likeness(way: Way, content: str) -> Hashable:
    """Give what is equal for ways that lead from a content to the same values."""
    contents, found = {content}, list[Hashable]()
    for step in way:
        if isinstance(step, To):
            rows = tuple((one, step.properties.get(one, ())) for one in sorted(contents))
            contents = {inner for _, row in rows for _, inner in row}
            found.append(rows)
        elif isinstance(step, Only):
            contents &= step.contents
            found.append(tuple(sorted(contents)))
        else:
            found.append(id(step.test))
    return tuple(found)


def distinct(items: list[Item]) -> list[Item]:
    """Give each item once, in the order they come."""
    return list({(content, id(value)): (content, value) for content, value in items}.values())


def _is_plain(flow: Flow) -> bool:
    steps = [[step for step in way if isinstance(step, To)] for way in flow.ways]
    wide = (row for way in steps for step in way for row in step.properties.values())
    return (
        0 < len(steps) <= _MOST_WAYS
        and max(map(len, steps)) <= _MOST_STEPS
        and max(map(len, wide), default=0) <= _MOST_PROPERTIES
    )


def _to(source: Source, step: To, focus: tuple[str, str], depth: int, then: Then) -> None:
    content, value = focus
    mark = len(source.lines)
    if value != ROOT:
        source.add(depth, f"if type({value}) is dict:")
        depth += 1
    written = [
        _property(source, key, (inner, value), depth, then)
        for key, inner in step.properties.get(content, ())
    ]
    if not any(written):
        del source.lines[mark:]


def _property(source: Source, key: str, focus: tuple[str, str], depth: int, then: Then) -> bool:
    """Write the loop over the values of a property; say whether there was anything to do."""
    (content, value), mark, known = focus, len(source.lines), key in source.tops
    there = source.top(key) if value == ROOT else source.fresh()
    one = source.fresh()
    if value != ROOT:
        source.add(depth, f"{there} = {value}.get({key!r})")
    if there != source.sure:
        source.add(depth, f"if {there} is not None:")
        depth += 1
    source.add(depth, f"for {one} in {there} if type({there}) is list else ({there},):")
    source.add(depth + 1, f"if {one} is not None:")
    body = len(source.lines)
    then(content, one, depth + 2)
    if len(source.lines) > body:
        return True
    del source.lines[mark:]
    if value == ROOT and not known:
        del source.tops[key]
    return False
