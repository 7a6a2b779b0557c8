"""Search parameters of one resource type: their expressions compiled, their values ready to take.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import ascii_lowercase

from fhir_server.fhirpath import navigation
from fhir_server.fhirpath.flow import Flow, nothing
from fhir_server.fhirpath.paths import compile_path
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.packages import ComponentRow, ParameterRow
from fhir_server.spec.structures import Structures
from fhir_server.spec.tables import SpecError

_NOTHING = nothing()


@dataclass(frozen=True, slots=True)
class SearchParam:
    """A search parameter as it applies to one resource type.

    `flow` yields its values; for a composite the items, and `parts` those of each component within
    one. `components` are named a, b, … by their place. `single`: at most one value in any resource
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
    single: bool
    flow: Flow = field(default=_NOTHING, compare=False, repr=False)
    parts: tuple[Flow, ...] = field(default=(), compare=False, repr=False)
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
        return SearchParam(row.code, row.url, row.type, "", row.target, (), single=True)
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
        single=flow.single,
        flow=flow,
        roots=flow.roots,
        systems=_systems(known, flow),
        contents=flow.contents,
        parents={name: known.parents[name] for name in targets if name in known.parents},
    )
    if not parts:
        return found
    composed = _composed(known, found, parts)
    pairs = zip(composed.components, same, strict=True)
    return replace(composed, components=tuple(replace(one, same=code) for one, code in pairs))


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
    known: Definitions, param: SearchParam, parts: Sequence[tuple[ParameterRow, Flow]]
) -> SearchParam:
    """Give a composite of its parts."""
    components = tuple(
        SearchParam(
            name,
            row.url,
            row.type,
            "$this",
            flow.targets or row.target,
            (),
            single=False,
            systems=_systems(known, flow),
        )
        for name, (row, flow) in zip(ascii_lowercase, parts, strict=False)
    )
    flows = tuple(flow for _, flow in parts)
    roots = param.roots or next((flow.roots for flow in reversed(flows) if flow.roots), ())
    return replace(param, components=components, parts=flows, roots=roots)
