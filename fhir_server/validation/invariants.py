"""Invariants: the rules in FHIRPath that a type's definition carries, compiled once.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from fhir_server.fhirpath.language import (
    Environment,
    Exceeded,
    Expression,
    Item,
    compile_expression,
)
from fhir_server.fhirpath.language.written import NotPlain, doubted
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Invariant, Key, Structures
from fhir_server.validation.findings import Finding, Findings, Resource, Rule, Visit
from fhir_server.validation.references import contained_in

# JSON properties one of which has to be there (None: any), and the rule.
Guarded: TypeAlias = tuple[frozenset[str] | None, Rule]

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_MATCHES = re.compile(r"(\w+)\.matches\('((?:[^'\\]|\\.)*)'\)").fullmatch
_ESCAPE = re.compile(r"\\(.)")
# R4's invariants that are looked after elsewhere, where that is the same and faster.
NATIVE: Mapping[str, str] = {
    "ele-1": "structure refuses empty objects and arrays, rules.py an element that is only an id",
    "ext-1": "natives.py",
    "csd-1": "natives.py: the invariant looks at every descendant of the resource",
    "dom-2": "structure",
    "dom-3": "natives.py: the invariant looks at every descendant of the resource",
    "dom-4": "natives.py",
    "dom-5": "natives.py",
    "que-2": "natives.py: the invariant looks at every descendant of the resource",
    "ref-1": "references.py, where the contained resource is looked for anyway",
    "txt-1": "narrative.py",
    "txt-2": "narrative.py",
}


def of(spec: Spec, content: str) -> Iterator[Guarded]:
    """Yield the rules of an object; one whose verdict is always the same comes without."""
    for invariant in spec.structures.invariants(content):
        if invariant.key not in NATIVE:
            yield from _guarded(spec, content, invariant)


def on_element(spec: Spec, content: str, key: Key) -> Iterator[Rule]:
    """Yield the rules one element of an object has beside those of what stands in it."""
    structures = spec.structures
    if f"{content}.{key.element.name}" == key.content:
        return
    for path in _paths(structures, content, key.element.name):
        for invariant in structures.invariants(path):
            if invariant.key not in NATIVE:
                yield _rule(spec, key.content, invariant)


def _paths(structures: Structures, content: str, name: str) -> Iterator[str]:
    """Yield the paths an element may have its rules at: its own and those of the bases."""
    while content:
        yield f"{content}.{name}"
        known = structures.by_name.get(content)
        content = known.base if known else ""


def _guarded(spec: Spec, content: str, invariant: Invariant) -> Iterator[Guarded]:
    rule = _rule(spec, content, invariant)
    names = _compiled(spec, invariant).reads
    if names is None:
        yield None, rule
        return
    keys = frozenset(
        name
        for read in names
        for member in spec.structures.members(content, read)
        for name in (member.key, f"_{member.key}")
    )
    verdict = _without(spec, content, invariant)
    if verdict:
        # It holds where none of what it reads is there.
        yield keys, rule
    else:
        yield None, rule


def _without(spec: Spec, content: str, invariant: Invariant) -> bool:
    try:
        expression = _compiled(spec, invariant)
        return expression.holds((content, {}, None), Environment())
    except FhirPathError:
        return False


def _compiled(spec: Spec, invariant: Invariant) -> Expression:
    return compile_expression(spec.structures, invariant.expression)


def _rule(spec: Spec, content: str, invariant: Invariant) -> Rule:
    severity: Any = "warning" if invariant.warning else "error"
    broken: Finding = ("", severity, "invariant", f"{invariant.key}: {invariant.human}")
    shaped = _MATCHES(invariant.expression)
    if shaped and _is_core(spec, content):
        return _matching(shaped[1], re.compile(_ESCAPE.sub(r"\1", shaped[2])), broken)
    holds = _compiled(spec, invariant).holds
    doubtful, exact = _doubtful(spec, content, invariant)

    def rule(value: Any, visit: Visit) -> Findings | None:
        doubt = doubtful(value)
        if (exact or not doubt) and visit.is_plain():
            return [broken] if doubt else None
        try:
            if holds((content, value, None), visit.environment or surrounding(visit)):
                return None
        except FhirPathError as fault:
            return [("", "warning", *_unjudged(invariant, fault))]
        return [broken]

    return rule


def _doubtful(spec: Spec, content: str, invariant: Invariant) -> tuple[Callable[[Any], bool], bool]:
    """Give what says no where an invariant holds of a value without companions of primitives.

    And whether a yes is as sure.
    """
    names: dict[str, Any] = {}

    def named(prefix: str, thing: Any) -> str:
        name = f"{prefix}{len(names)}"
        names[name] = thing
        return name

    text = invariant.expression
    for exact in (True, False):
        try:
            told = doubted(spec.structures, text, content, "value", named, exact=exact)
            return eval(f"lambda value: {told}", names), exact  # noqa: S307 (of names and `repr`)
        except (NotPlain, SyntaxError, RecursionError, MemoryError):
            continue
    return _unsure, False


def _unsure(_value: Any) -> bool:
    """Leave it to the closures."""
    return True


def _is_core(spec: Spec, content: str) -> bool:
    return spec.structures.by_name[content.partition(".")[0]].url.startswith(_CORE)


def _matching(name: str, pattern: re.Pattern[str], broken: Finding) -> Rule:
    """Give the rule of `name.matches(pattern)`, for a pattern of HL7's that cannot run long."""
    search = pattern.search

    def rule(value: Any, _visit: Visit) -> Findings | None:
        text = value.get(name)
        return [broken] if type(text) is str and search(text) is None else None

    return rule


def _unjudged(invariant: Invariant, fault: FhirPathError) -> tuple[str, str]:
    code = "too-costly" if isinstance(fault, Exceeded) else "processing"
    return code, f"{invariant.key} could not be judged: {fault}"


def surrounding(visit: Visit) -> Environment:
    """Give what expressions are evaluated in during this visit, made when first needed."""
    if visit.environment is None:
        visit.environment = Environment(
            resource=_item(visit.resource),
            root=_item(visit.root),
            member_of=visit.member,
            resolve=_resolver(visit),
            units=visit.definitions.canonical,
        )
    found: Environment = visit.environment
    return found


def _resolver(visit: Visit) -> Callable[[str], Item | None]:
    def resolve(reference: str) -> Item | None:
        if reference[:1] == "#":
            found = contained_in(visit.root, reference[1:])
        elif visit.bundle is not None and (inside := visit.bundle.find(reference)):
            found = inside
        else:
            found = visit.questions.ask("resolve", reference)
        return _item(found) if found else None

    return resolve


def _item(resource: Resource) -> Item:
    return resource["resourceType"], resource, None
