"""The part of FHIRPath that search parameters use, compiled to closures over plain JSON.

Types are followed while compiling, so a branch that cannot apply to the resource type costs
nothing, and it is known whether a path can have more than one value.
https://hl7.org/fhir/R4/searchparameter.html and https://hl7.org/fhirpath/N1/
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fhir_server.fhirpath import navigation, operators
from fhir_server.fhirpath.flow import Flow, Item, Test, Where, constant, nothing
from fhir_server.fhirpath.model import Model
from fhir_server.fhirpath.syntax import (
    Binary,
    Call,
    FhirPathError,
    Index,
    Literal,
    Name,
    Node,
    Variable,
    parse,
)

_LITERALS: dict[type, str] = {bool: "boolean", str: "string", int: "integer"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: the resource type it starts from and the focus's types."""

    model: Model
    resource: str
    focus: Flow


def compile_path(model: Model, text: str, resource: str, focus: Flow | None = None) -> Flow:
    """Compile an expression for a resource type.

    `focus` is given for an expression relative to another path's values (a composite's
    component). The result's `run(root, focus)` takes items `(type, JSON value)`. Raises
    FhirPathError, saying what is wrong, for anything outside the subset.
    """
    return compile_tree(model, parse(text), resource, focus)


def compile_tree(model: Model, tree: Node, resource: str, focus: Flow | None = None) -> Flow:
    """Compile what was parsed already, or a part of it, such as a criterion of `where`."""
    here = Flow(frozenset([resource]), single=True, run=_focus, origin=resource, ways=((),))
    if focus is not None:
        here = replace(here, contents=focus.contents, origin=focus.origin)
    return _compile(Scope(model, resource, here), tree)


def _focus(_root: Item, focus: Item) -> list[Item]:
    return [focus]


def _root(root: Item, _focus: Item) -> list[Item]:
    return [root]


def _compile(scope: Scope, node: Node) -> Flow:
    match node:
        case Literal(value, "") if value is not None:
            return constant(_LITERALS[type(value)], value)
        case Variable(name):
            return _variable(scope, name)
        case Name(source, name):
            return _named(scope, source, name)
        case Call(source, function, arguments):
            return _called(scope, source, function, arguments)
        case Index(source, position):
            return navigation.at(_compile(scope, source), _position(position))
        case Binary(operator, left, right):
            return _binary(scope, operator, left, right)
        case _:
            raise FhirPathError(f"{node} is not supported")


def _position(node: Node) -> int:
    if isinstance(node, Literal) and type(node.value) is int:
        return node.value
    raise FhirPathError("an index must be a number")


def _variable(scope: Scope, name: str) -> Flow:
    if name == "$this":
        return scope.focus
    if name in ("%resource", "%context"):
        return Flow(frozenset([scope.resource]), single=True, run=_root, origin=scope.resource)
    raise FhirPathError(f"{name} is not known")


def _named(scope: Scope, source: Node | None, name: str) -> Flow:
    if source is not None:
        return navigation.child(scope.model, _compile(scope, source), name)
    if name[:1].isupper():
        if any(scope.model.is_a(content, name) for content in scope.focus.contents):
            return scope.focus
        if scope.model.knows(name):
            return nothing()
        raise FhirPathError(f"{name!r} is not a type")
    return navigation.child(scope.model, scope.focus, name)


def _binary(scope: Scope, operator: str, left: Node, right: Node) -> Flow:
    if operator == "|":
        return navigation.union([_compile(scope, left), _compile(scope, right)])
    if operator == "as":
        return navigation.narrowed(scope.model, _compile(scope, left), _type(scope, right))
    if operator == "is":
        return _is(_compile(scope, left), scope, right)
    if operator not in operators.OPERATORS:
        raise FhirPathError(f"the operator {operator!r} is not supported")
    return operators.OPERATORS[operator](_compile(scope, left), _compile(scope, right))


def _type(scope: Scope, node: Node) -> str:
    """Name the type a node stands for; R4 itself once writes `DateTime` for `dateTime`."""
    if isinstance(node, Name) and node.source in (None, Name(None, "FHIR")):
        for name in (node.name, node.name[:1].lower() + node.name[1:]):
            if scope.model.knows(name):
                return name
    raise FhirPathError(f"a type is expected, not {node}")


def _is(source: Flow, scope: Scope, node: Node) -> Flow:
    only = navigation.narrowed(scope.model, source, _type(scope, node))

    def decide(root: Item, focus: Item) -> bool | None:
        return bool(only.run(root, focus)) if source.run(root, focus) else None

    return operators.condition(decide)


def _called(scope: Scope, source: Node | None, function: str, arguments: tuple[Node, ...]) -> Flow:
    known = FUNCTIONS.get(function)
    if known is None:
        raise FhirPathError(f"the function {function}() is not supported")
    count, build = known
    if len(arguments) != count:
        raise FhirPathError(f"{function}() takes {count} argument(s)")
    return build(scope, scope.focus if source is None else _compile(scope, source), arguments)


Arguments = tuple[Node, ...]


def _where(scope: Scope, source: Flow, arguments: Arguments) -> Flow:
    if not source.contents:
        return source
    test = _shortcut(scope, source, arguments[0])
    if test is None:
        focus = replace(source, run=_focus, single=True, shadow=None, ways=((),))
        test = _compile(replace(scope, focus=focus), arguments[0]).truth

    def run(root: Item, focus: Item) -> list[Item]:
        return [item for item in source.run(root, focus) if test(root, item)]

    ways = tuple((*way, Where(test)) for way in source.ways)
    return replace(source, run=run, targets=_targets(scope, arguments[0]), shadow=None, ways=ways)


def _shortcut(scope: Scope, source: Flow, test: Node) -> Test | None:
    """Give what tells at once whether `name = 'text'` or `resolve() is T`; None for others."""
    match test:
        case Binary("=", Name(None, name), Literal(str(text), "")):
            members = [scope.model.members(one, name) for one in source.contents]
            if all([(one.key, one.single) for one in each] == [(name, True)] for each in members):
                return lambda _root, item: type(item[1]) is dict and item[1].get(name) == text
        case Binary("is", Call(None, "resolve", ()), _):
            (type_,) = _targets(scope, test)
            if type_ not in navigation.OPEN:
                return lambda root, item: navigation.referred_type(item[1], root[1]) == type_
        case _:
            pass
    return None


def _targets(scope: Scope, test: Node) -> tuple[str, ...]:
    """Name the type that `resolve() is T` leaves; () for any other test."""
    if (
        isinstance(test, Binary)
        and test.operator == "is"
        and test.left == Call(None, "resolve", ())
    ):
        return (_type(scope, test.right),)
    return ()


def _extension(scope: Scope, source: Flow, arguments: Arguments) -> Flow:
    extensions = navigation.child(scope.model, source, "extension")
    return _where(scope, extensions, (Binary("=", Name(None, "url"), arguments[0]),))


def _has_extension(scope: Scope, source: Flow, arguments: Arguments) -> Flow:
    return _exists(scope, _extension(scope, source, arguments), ())


def _exists(_scope: Scope, source: Flow, _arguments: Arguments) -> Flow:
    return operators.condition(lambda root, focus: bool(source.run(root, focus)))


def _empty(_scope: Scope, source: Flow, _arguments: Arguments) -> Flow:
    return operators.condition(lambda root, focus: not source.run(root, focus))


def _not(_scope: Scope, source: Flow, _arguments: Arguments) -> Flow:
    def decide(root: Item, focus: Item) -> bool | None:
        truth = source.truth(root, focus)
        return None if truth is None else not truth

    return operators.condition(decide)


def _as(scope: Scope, source: Flow, arguments: Arguments) -> Flow:
    return navigation.narrowed(scope.model, source, _type(scope, arguments[0]))


def _first(_scope: Scope, source: Flow, _arguments: Arguments) -> Flow:
    return navigation.at(source, 0)


def _resolve(_scope: Scope, source: Flow, _arguments: Arguments) -> Flow:
    return navigation.resolved(source)


# Function → number of arguments, builder.
FUNCTIONS: dict[str, tuple[int, Callable[[Scope, Flow, Arguments], Flow]]] = {
    "where": (1, _where),
    "extension": (1, _extension),
    "hasExtension": (1, _has_extension),
    "exists": (0, _exists),
    "empty": (0, _empty),
    "not": (0, _not),
    "as": (1, _as),
    "is": (1, lambda scope, source, arguments: _is(source, scope, arguments[0])),
    "ofType": (1, _as),
    "first": (0, _first),
    "resolve": (0, _resolve),
}
