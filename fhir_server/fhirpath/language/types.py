"""Types in expressions: `is`, `as`, `ofType()`, `type()`.

A FHIR primitive is no System type: `active is boolean`, not `active is Boolean`.
https://hl7.org/fhirpath/N1/#types and https://hl7.org/fhir/R4/fhirpath.html#types
"""

from collections.abc import Callable

from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.navigation import TYPE_INFO
from fhir_server.fhirpath.language.step import Run, Scope, Step, collection, condition, single
from fhir_server.fhirpath.language.values import SYSTEM
from fhir_server.fhirpath.model import Model
from fhir_server.fhirpath.syntax import FhirPathError, Name, Node

_FHIR, _SYSTEM = "FHIR", "System"


def named(model: Model, node: Node) -> tuple[str, ...]:
    """Give the types a node may stand for, as items name them; FhirPathError if it is no type."""
    match node:
        case Name(None, name):
            fhir = (name,) if model.knows(name) else ()
            own = (f"System.{name}",) if name in SYSTEM else ()
            if fhir or own:
                return (*fhir, *own)
        case Name(Name(None, "System"), name):
            return (f"System.{name}",)
        case Name(Name(None, "FHIR"), name) if model.knows(name):
            return (name,)
        case _:
            pass
    raise FhirPathError(f"a type is expected, not {_shown(node)}")


def _shown(node: Node) -> str:
    return repr(node.name) if isinstance(node, Name) else "an expression"


def descends(model: Model, type_: str, ancestors: tuple[str, ...]) -> bool:
    """Say whether a type is one of some, or made from one of them."""
    while type_:
        if type_ in ancestors:
            return True
        type_ = model.base(type_)
    return False


def is_type(scope: Scope, source: Step, node: Node) -> Step:
    """Give `source is type`."""
    wanted = named(scope.model, node)
    model, before = scope.model, source.run

    def decide(this: Item, frame: Frame) -> bool | None:
        item = single(before(this, frame), "the left side of `is`")
        return None if item is None else descends(model, item[0], wanted)

    return condition(decide)


def as_type(scope: Scope, source: Step, node: Node) -> Step:
    """Give `source as type`, or `ofType`: only items of the type; a primitive is only itself.

    R4's own invariants use `as` on collections, so it keeps what fits of those too.
    """
    wanted = named(scope.model, node)
    fits = _fits(scope.model, wanted)
    before = source.run
    types = None
    if source.types is not None and not any(type_.startswith("System.") for type_ in wanted):
        if not possible(scope.model, source.types, wanted):
            return collection(lambda _this, _frame: [], frozenset())
        types = frozenset(wanted)

    def run(this: Item, frame: Frame) -> list[Item]:
        items = before(this, frame)
        frame.spend(len(items))
        return [item for item in items if item[0] in wanted or fits(item[0])]

    return collection(run, types)


def possible(model: Model, types: frozenset[str], wanted: tuple[str, ...]) -> bool:
    """Say whether an element of one of the types can be one of those wanted."""
    return any(
        descends(model, type_, wanted) or any(descends(model, one, (type_,)) for one in wanted)
        for type_ in types
    )


def _fits(model: Model, wanted: tuple[str, ...]) -> Callable[[str], bool]:
    if any(model.primitive(type_) for type_ in wanted):
        return lambda _type: False
    return lambda type_: descends(model, type_, wanted)


def reflected(model: Model, before: Run) -> Step:
    """Give `source.type()`: namespace and name of each item's type."""

    def run(this: Item, frame: Frame) -> list[Item]:
        return [_info(model, item[0]) for item in before(this, frame)]

    return collection(run, frozenset([TYPE_INFO]))


def _info(model: Model, type_: str) -> Item:
    namespace, _, name = type_.partition(".")
    if namespace != _SYSTEM:
        namespace, name = _FHIR, model.base(type_) if "." in type_ else type_
    return (TYPE_INFO, {"namespace": namespace, "name": name}, None)
