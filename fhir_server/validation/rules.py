"""Base rules: the walk that applies what R4 says of a resource beyond its structure.

Compiled per type when first met: a step for each JSON property that has something to look at below
it, and what is to be said of the object as a whole.
https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Key, Structures
from fhir_server.validation import bindings, invariants, natives, references, uris
from fhir_server.validation.findings import Findings, Rule, Visit, below, enough, error
from fhir_server.validation.invariants import Guarded

# Gives a rule: what looks below an object is compiled when one stands there, for types refer to
# each other.
Later: TypeAlias = Callable[[], Rule]
# JSON property → (FHIRPath step to it, its rule)
Steps: TypeAlias = dict[str, tuple[str, Later]]

# What is asked of objects of the same properties: (property, its place, rule), and rules of all.
_Met: TypeAlias = tuple[tuple[tuple[str, str, Rule], ...], tuple[Rule, ...]]

_OPEN = ("Resource", "DomainResource")
# Sets of properties that are remembered of one kind of object: there are few.
_MET = 256
_BARE = ("System.String", "xhtml")


def base_findings(spec: Spec, visit: Visit) -> Findings:
    """Give what R4 says against `visit.resource`, which is built well; some 100 at most."""
    looks = _looks(spec.structures)
    return looks.of(spec, visit.resource["resourceType"])(visit.resource, visit) or []


@dataclass(frozen=True, slots=True)
class _Looks:
    """The compiled rules by type, or by path of an element defined in place."""

    known: dict[str, Rule] = field(default_factory=dict)

    def of(self, spec: Spec, content: str) -> Rule:
        """Give the rule of an object of this content."""
        return self.known.get(content) or self.known.setdefault(
            content, _object(self, spec, content)
        )


@lru_cache(maxsize=16)
def _looks(_structures: Structures) -> _Looks:
    return _Looks()


def _object(looks: _Looks, spec: Spec, content: str) -> Rule:
    structures = spec.structures
    steps: Steps = {}
    for key in structures.keys(content).values():
        for name, rule in _steps(looks, spec, content, key):
            steps[name] = (f".{key.element.name}", rule)
    whole = (*natives.of(structures, content), *invariants.of(spec, content))
    # The ids of ElementDefinitions are their paths: sdf-16 and sdf-17 say which are unique.
    is_element = content not in (*spec.types, "ElementDefinition")

    made: dict[str, Rule] = {}
    met: dict[tuple[str, ...], _Met] = {}

    def look(value: Any, visit: Visit) -> Findings | None:
        keys = tuple(value)
        inside, rules = met.get(keys) or _kept(
            met, keys, _met(keys, steps, made, whole, is_element=is_element)
        )
        found: Findings = []
        for name, place, rule in inside:
            if said := rule(value[name], visit):
                found += below(place, said)
                if enough(found):
                    return found
        for rule in rules:
            if said := rule(value, visit):
                found += said
        return found or None

    return look


def _met(
    keys: tuple[str, ...],
    steps: Steps,
    made: dict[str, Rule],
    whole: Sequence[Guarded],
    *,
    is_element: bool,
) -> _Met:
    """Give what is asked of objects of these properties: of each, and of the object."""
    asked = ((key, *steps[key]) for key in keys if key in steps)
    inside = tuple(
        (key, place, made.get(key) or made.setdefault(key, rule())) for key, place, rule in asked
    )
    rules = [rule for wanted, rule in whole if wanted is None or not wanted.isdisjoint(keys)]
    return inside, (*((_identified,) if is_element and "id" in keys else ()), *rules)


def _kept(met: dict[tuple[str, ...], _Met], keys: tuple[str, ...], one: _Met) -> _Met:
    if len(met) < _MET:
        met[keys] = one
    return one


def _identified(value: Any, visit: Visit) -> Findings | None:
    """Say whether an element is more than its id, and the id the only one of its resource."""
    if len(value) == 1:
        return error("invariant", "ele-1: an element has a value or children, not only an id")
    identity = value["id"]
    if identity in visit.ids:
        told = f"the id {identity[:64]!r} stands twice in this resource; an element's id is unique"
        return error("duplicate", told, ".id")
    visit.ids.add(identity)
    return None


def _steps(looks: _Looks, spec: Spec, content: str, key: Key) -> Iterator[tuple[str, Later]]:
    """Give the rule of a JSON property and of its companion, where there is something to say."""
    plain, many = spec.structures.primitive(key.type), key.element.max != "1"
    own = [*_of_element(looks, spec, content, key)]
    beside = [*invariants.on_element(spec, content, key)]
    below_ = key.content not in _OPEN and not plain and key.type not in _BARE

    def rule() -> Rule:
        asked = [*own, *([looks.of(spec, key.content)] if below_ else ()), *beside]
        told = asked[0] if len(asked) == 1 else _all(asked)
        return _each(told) if many else told

    def companion() -> Rule:
        told = looks.of(spec, "Element")
        return _each(told) if many else told

    if own or beside or below_:
        yield key.key, rule
    if plain and key.type not in _BARE:
        yield f"_{key.key}", companion


def _of_element(looks: _Looks, spec: Spec, content: str, key: Key) -> Iterator[Rule]:
    if key.content in _OPEN:
        yield _contained(looks, spec) if key.element.name == "contained" else _held(looks, spec)
        return
    if bound := bindings.of(spec, key):
        yield bound
    if key.type == "Reference":
        yield references.of(spec, key.element.types.get("Reference", ()))
    if syntax := uris.of(content, key):
        yield syntax


def _each(rule: Rule) -> Rule:
    def each(values: Any, visit: Visit) -> Findings | None:
        found: Findings = []
        for index, value in enumerate(values):
            if value is not None and (said := rule(value, visit)):
                found += below(f"[{index}]", said)
                if enough(found):
                    break
        return found or None

    return each


def _all(rules: list[Rule]) -> Rule:
    def every(value: Any, visit: Visit) -> Findings | None:
        found: Findings | None = None
        for rule in rules:
            if said := rule(value, visit):
                found = [*(found or ()), *said]
        return found

    return every


def _contained(looks: _Looks, spec: Spec) -> Rule:
    """Give the rule of a contained resource: %resource is its own, %rootResource the outer one."""

    def rule(value: Any, visit: Visit) -> Findings | None:
        inner = Visit(visit.definitions, visit.questions, value, visit.root, visit.bundle)
        return looks.of(spec, value["resourceType"])(value, inner)

    return rule


def _held(looks: _Looks, spec: Spec) -> Rule:
    """Give the rule of a resource that stands for itself: an entry of a Bundle, a parameter."""

    def rule(value: Any, visit: Visit) -> Findings | None:
        inner = Visit(visit.definitions, visit.questions, value, value, visit.around())
        return looks.of(spec, value["resourceType"])(value, inner)

    return rule
