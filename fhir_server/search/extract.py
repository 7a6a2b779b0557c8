"""Extraction: the index fields of a resource type as one generated function.

A type's search parameters become straight-line Python when a resource of it is first indexed:
`source(spec, "Patient")[0]` shows it. What several parameters make of the same elements, such as
the codes of `code`, `combo-code` and `code-value-quantity`, is made once.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from fhir_server.fhirpath.flow import Flow, Way
from fhir_server.fhirpath.source import (
    Source,
    apart,
    each,
    gather,
    likeness,
    properties,
    roots,
    walk,
)
from fhir_server.search.collect import Writes
from fhir_server.search.kinds import KINDS, SIDES, kind_of
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam, Spec

Extract: TypeAlias = Callable[[dict[str, Any], Place], dict[str, Any]]

_NAME = "fields"
# Of a choice of more types than these no value is written at once.
_MOST_KEYS = 4
# Of what a component writes items have this too; the rest only modifiers ask for.
_IN_BASE_UNITS = ":ucum"


@lru_cache(maxsize=1024)
def extractor(spec: Spec, type_: str) -> Extract:
    """Give what gives the fields of a resource of a type, by its search parameters."""
    text, made = source(spec, type_)
    found: Extract = made.made(text, _NAME, f"<index fields of {type_}>")
    return found


def source(spec: Spec, type_: str) -> tuple[str, Source]:
    """Give the text of the function, and the objects it names."""
    made = Source()
    text = _Text(made, (type_, "resource"))
    params = [
        (param, kind.writes)
        for param in spec.indexed_params(type_).values()
        if (kind := kind_of(param)) and (kind.writes or param.parts)
    ]
    for param, writes in params:
        text.uses.update({key for key, _, _ in text.asked(param, writes)})
    for param, writes in params:
        text.write(param, writes)
    made.add(1, "return x")
    head = [f"def {_NAME}(resource, place):", "    x = {}", f"    root = ({type_!r}, resource)"]
    return made.function("\n".join(head)), made


@dataclass(slots=True)
class _Text:
    """The text of the function while it is made, parameter by parameter.

    `uses`: how many parameters ask for what is collected of the resource on one way; of what more
    than one do, `shared` has the names of the collections from when they are filled.
    """

    made: Source
    root: tuple[str, str]
    uses: Counter[Hashable] = field(default_factory=Counter)
    shared: dict[Hashable, list[str]] = field(default_factory=dict)

    def asked(
        self, param: SearchParam, writes: Writes | None
    ) -> Iterator[tuple[Hashable, Writes, Way]]:
        """Yield what a parameter asks of the resource itself, way by way, each with its key."""
        if writes:
            wanted = [(writes, param.flow)]
        elif () in param.flow.ways:
            wanted = [
                (self._side(one, self.root), part)
                for one, part in zip(param.components, param.parts, strict=True)
            ]
        else:
            wanted = []
        for side, flow in wanted:
            for way in flow.ways if apart(flow, self.root[0]) else ():
                yield self._key(side, way), side, way

    def write(self, param: SearchParam, writes: Writes | None) -> None:
        """Write what one parameter adds; nothing is looked for below keys not there."""
        made = self.made
        made.add(1, f"# {param.code!r}: {param.type}")
        for key, side, way in self.asked(param, writes):
            if self.uses[key] > 1 and key not in self.shared:
                self._share(key, side, way)
        made.within(1, param.roots, self._alone(param, writes) if writes else "")
        if writes:
            self._tell(param, writes, self._collected(writes, param.flow, self.root, 2))
        else:
            found = self._items(param)
            made.add(2, f"if {found}:")
            made.add(3, f"x[{param.code!r}] = {found}")

    def _alone(self, param: SearchParam, writes: Writes) -> str:
        """Give what writes the one value of a parameter at once, and is true where that is all."""
        [way, *others], made = param.flow.ways or [()], self.made
        found = properties(way, self.root[0]) if param.single and not others else None
        if found is None or self._key(writes, way) in self.shared:
            return ""
        keys, tests = found
        written = [(key, content, writes.alone(content, param.code)) for key, content in keys]
        if len(keys) > _MOST_KEYS or not all(alone for _, _, alone in written):
            return ""
        cases = []
        for key, content, alone in written:
            value = made.top(key)
            asked = [f"{value} is not None"]
            asked += (f"{made.top(other)} is None" for other, _ in keys if other != key)
            asked += (f"{made.named('test', test)}(root, ({content!r}, {value}))" for test in tests)
            cases.append(" and ".join([*asked, f"{made.named('alone', alone)}(x, {value}, place)"]))
        return " or ".join(cases)

    def _tell(self, param: SearchParam, writes: Writes, names: list[str]) -> None:
        for suffix, name in zip(writes.into, names, strict=True):
            told = writes.told(suffix, name, single=param.single)
            self.made.add(2, f"if {name}:")
            self.made.add(3, f"x[{param.code + suffix!r}] = {told}")

    def _items(self, param: SearchParam) -> str:
        """Write what lists the items of a composite: those in which every component has values."""
        made, found = self.made, self.made.fresh("items")
        made.add(2, f"{found} = []")

        def item(content: str, value: str, depth: int) -> None:
            sure: list[str] = []
            more: list[tuple[str, str]] = []
            # The last part first: a resource has a code more often than this value.
            for one, part in reversed([*zip(param.components, param.parts, strict=True)]):
                side = self._side(one, (content, value))
                names = self._collected(side, part, (content, value), depth)
                made.add(depth, f"if {names[0]}:")
                depth += 1
                for suffix, name in zip(side.into, names, strict=True):
                    told = side.told(suffix, name, single=one.single)
                    if not suffix:
                        sure.insert(0, f"{one.code!r}: {told}")
                    elif suffix == _IN_BASE_UNITS:
                        more.append((name, f"item[{one.code + suffix!r}] = {told}"))
            made.add(depth, f"item = {{{', '.join(sure)}}}")
            for name, line in more:
                made.add(depth, f"if {name}:")
                made.add(depth + 1, line)
            made.add(depth, f"{found}.append(item)")

        each(made, param.flow, self.root, 2, item)
        return found

    def _side(self, component: SearchParam, focus: tuple[str, str]) -> Writes:
        """Give what a component writes; of the resource itself what its own parameter does."""
        own = KINDS[component.type].writes if focus == self.root else None
        return own or SIDES[component.type]

    def _share(self, key: Hashable, writes: Writes, way: Way) -> None:
        made = self.made
        names = self.shared[key] = [made.fresh("of") for _ in writes.into]
        made.add(1, f"{' = '.join(names)} = ()")
        made.within(1, roots(way, self.root[0]))
        self._empty(writes, names, 2)
        self._walk(writes, [way], self.root, 2, names)

    def _collected(
        self, writes: Writes, flow: Flow, focus: tuple[str, str], depth: int
    ) -> list[str]:
        """Write what collects the values of a path; give the names of the collections."""
        made = self.made
        if not apart(flow, focus[0]):
            found, names = gather(made, flow, focus, depth), self._names(writes, depth)
            add = made.named("add", lru_cache(writes.adds))
            made.add(depth, f"for kind, value in {found}:")
            made.add(depth + 1, f"{add}(kind)(value, place, {', '.join(names)})")
            return names
        keys = [self._key(writes, way) for way in flow.ways] if focus == self.root else []
        if self.shared.keys().isdisjoint(keys):
            names = self._names(writes, depth)
            self._walk(writes, flow.ways, focus, depth, names)
            return names
        groups = []
        for key, way in zip(keys, flow.ways, strict=True):
            names = self.shared.get(key) or self._names(writes, depth)
            if key not in self.shared:
                self._walk(writes, [way], focus, depth, names)
            groups.append(names)
        return groups[0] if len(groups) == 1 else self._joined(writes, groups, depth)

    def _names(self, writes: Writes, depth: int) -> list[str]:
        names = [self.made.fresh("of") for _ in writes.into]
        self._empty(writes, names, depth)
        return names

    def _empty(self, writes: Writes, names: list[str], depth: int) -> None:
        empty = ("{}" if made is dict else "[]" for made in writes.into.values())
        self.made.add(depth, f"{', '.join(names)} = {', '.join(empty)}")

    def _walk(
        self,
        writes: Writes,
        ways: Iterable[Way],
        focus: tuple[str, str],
        depth: int,
        names: list[str],
    ) -> None:
        def then(content: str, value: str, depth: int) -> None:
            add = made.named("add", writes.adds(content))
            made.add(depth, f"{add}({value}, place, {', '.join(names)})")

        made = self.made
        for way in ways:
            walk(made, way, focus, depth, then)

    def _joined(self, writes: Writes, groups: list[list[str]], depth: int) -> list[str]:
        """Write what puts the collections of several ways together, in the order of the ways."""
        joined = []
        for made, names in zip(writes.into.values(), zip(*groups, strict=True), strict=True):
            first, *others = names
            for other in others:
                both = f"{{**{first}, **{other}}}" if made is dict else f"[*{first}, *{other}]"
                name = self.made.fresh("of")
                self.made.add(
                    depth, f"{name} = {both} if {first} and {other} else {first} or {other}"
                )
                first = name
            joined.append(first)
        return joined

    def _key(self, writes: Writes, way: Way) -> Hashable:
        return id(writes), likeness(way, self.root[0])
