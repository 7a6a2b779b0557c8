"""Search parameters of one resource type: their expressions compiled, their values ready to take.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import ascii_lowercase
from typing import Any, TypeAlias

from fhir_server.fhirpath import navigation
from fhir_server.fhirpath.flow import Flow, Item, Run
from fhir_server.fhirpath.paths import compile_path
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.packages import ComponentRow, ParameterRow
from fhir_server.spec.structures import Structures
from fhir_server.spec.tables import SpecError

Values: TypeAlias = Callable[[dict[str, Any]], list[Item]]


@dataclass(frozen=True, slots=True)
class SearchParam:
    """A search parameter as it applies to one resource type.

    `values(resource)` gives `(type, JSON value)` pairs: ("CodeableConcept", {...}),
    ("dateTime", "2020"); for a composite a tuple with the values of each component within one
    item. `components` are named a, b, … by their place. `single`: at most one value in any resource
    of this type. `targets` are the types its references may name. A resource with none of the keys
    `roots` has no value; () if that is not known. `systems` are those its `code` elements, which
    name none, take their codes from. `contents` are the FHIR types of its values. `parents` are
    the types it may refer to that have parts, and their reference to what they are a part of.
    `same`: of a component, the parameter of this type that has its values too.
    """

    code: str
    url: str
    type: str
    expression: str
    targets: tuple[str, ...]
    components: tuple["SearchParam", ...]
    values: Values
    single: bool
    roots: tuple[str, ...] = ()
    systems: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()
    parents: Mapping[str, str] = field(default_factory=dict, hash=False)
    same: str = ""


@dataclass(frozen=True, slots=True)
class Definitions:
    """What expressions are read against.

    `parameters` are all of them by url, for the parts of composites; `systems` the code systems
    of value sets, by url; `parents` see `parents_of`.
    """

    structures: Structures
    parameters: Mapping[str, ParameterRow]
    systems: Mapping[str, frozenset[str]]
    parents: Mapping[str, str]


# What R4 calls the reference from a part to what it is a part of.
_PARENT = frozenset({"partof", "part-of", "parent"})


def parents_of(parameters: Iterable[ParameterRow]) -> dict[str, str]:
    """Give, by resource type, the parameter that leads from each one to the one it is a part of.

    https://hl7.org/fhir/R4/search.html#recursive
    """
    return {
        row.base[0]: row.code
        for row in parameters
        if row.code in _PARENT and row.type == "reference" and row.target == row.base
    }


def compiled(
    known: Definitions, type_: str, rows: Iterable[ParameterRow]
) -> dict[str, SearchParam]:
    """Give the parameters of a resource type, by code; SpecError names one that does not compile.

    `rows` are those whose base the type is; of two with one code the later one stands.
    """
    found: dict[str, SearchParam] = {}
    for row in rows:
        try:
            found[row.code] = _compile(known, type_, row)
        except FhirPathError as error:
            raise SpecError(f"search parameter {row.url} on {type_}: {error}") from None
    return found


def _compile(known: Definitions, type_: str, row: ParameterRow) -> SearchParam:
    if not row.expression:
        return SearchParam(row.code, row.url, row.type, "", row.target, (), _no_values, single=True)
    flow = compile_path(known.structures, row.expression, type_)
    if not flow.contents:
        raise FhirPathError(f"{row.expression!r} selects nothing")
    if flow.contents == {"Extension"}:
        # R4 writes `Patient.extension('…')` and means what the extension says.
        flow = navigation.child(known.structures, flow, "value")
    targets = flow.targets or row.target
    parts = [_component(known, type_, part, flow) for part in row.component]
    same = [_same(known, type_, row, part) for part in row.component]
    found = SearchParam(
        code=row.code,
        url=row.url,
        type=row.type,
        expression=row.expression,
        targets=targets,
        components=(),
        values=_values(type_, flow.run),
        single=flow.single,
        roots=flow.roots,
        systems=_systems(known, flow),
        contents=flow.contents,
        parents={name: known.parents[name] for name in targets if name in known.parents},
    )
    if not parts:
        return found
    composed = _composed(known, type_, found, flow, parts)
    pairs = zip(composed.components, same, strict=True)
    return replace(composed, components=tuple(replace(one, same=code) for one, code in pairs))


def _values(type_: str, run: Run) -> Values:
    def values(resource: dict[str, Any]) -> list[Item]:
        root = (type_, resource)
        return run(root, root)

    return values


def _systems(known: Definitions, flow: Flow) -> frozenset[str]:
    return frozenset().union(*(known.systems.get(url, ()) for url in flow.bindings))


def _component(
    known: Definitions, type_: str, part: ComponentRow, focus: Flow
) -> tuple[ParameterRow, Flow]:
    row = known.parameters.get(part.definition)
    if row is None:
        raise FhirPathError(f"its component {part.definition} is not defined")
    return row, compile_path(known.structures, part.expression, type_, focus)


def _same(known: Definitions, type_: str, row: ParameterRow, part: ComponentRow) -> str:
    """Give the code of a component's definition, where that takes up the same element's values."""
    definition = known.parameters[part.definition]
    branches = [branch.strip() for branch in definition.expression.split("|")]
    taken = f"{row.expression}.{part.expression}" in branches
    return definition.code if taken and type_ in definition.base else ""


def _composed(
    known: Definitions,
    type_: str,
    param: SearchParam,
    focus: Flow,
    parts: Sequence[tuple[ParameterRow, Flow]],
) -> SearchParam:
    """Give a composite: its value is a tuple, and only where each component has a value."""
    components = tuple(
        SearchParam(
            name,
            row.url,
            row.type,
            "$this",
            flow.targets or row.target,
            (),
            _no_values,
            single=False,
            systems=_systems(known, flow),
        )
        for name, (row, flow) in zip(ascii_lowercase, parts, strict=False)
    )
    # The last part first: a resource has a code more often than this value.
    runs = [flow.run for _, flow in reversed(parts)]

    def values(resource: dict[str, Any]) -> list[Item]:
        root = (type_, resource)
        found: list[Item] = []
        for item in focus.run(root, root):
            told = []
            for run in runs:
                some = run(root, item)
                if not some:
                    break
                told.append(some)
            else:
                found.append((item[0], tuple(reversed(told))))
        return found

    roots = param.roots or next((flow.roots for _, flow in reversed(parts) if flow.roots), ())
    return replace(param, components=components, values=values, roots=roots)


def _no_values(_resource: dict[str, Any]) -> list[Item]:
    return []
