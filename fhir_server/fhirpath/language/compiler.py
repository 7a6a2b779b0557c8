"""A syntax tree → closures.

What does not depend on the item a criterion is tried on is run once in an evaluation.
"""

from decimal import Decimal

from fhir_server.fhirpath.language import navigation, operators, temporal, types
from fhir_server.fhirpath.language.arithmetic import ARITHMETIC
from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.functions import FUNCTIONS
from fhir_server.fhirpath.language.quantities import literal
from fhir_server.fhirpath.language.step import NOTHING, Scope, Step, collection, constant, single
from fhir_server.fhirpath.language.values import kind_of, value_of
from fhir_server.fhirpath.language.variables import TERMINOLOGIES, asked, variable
from fhir_server.fhirpath.syntax import (
    Binary,
    Call,
    FhirPathError,
    Index,
    Literal,
    Name,
    Node,
    Sign,
    Variable,
    parts,
)

_LITERALS: dict[type, str] = {bool: "Boolean", str: "String", int: "Integer"}
_KINDS = {"date": "Date", "dateTime": "DateTime", "time": "Time"}
_OPERATORS = operators.OPERATORS | ARITHMETIC


def compiled(scope: Scope, node: Node) -> Step:
    """Give the step of a node; FhirPathError for what does not exist."""
    if scope.inside and isinstance(node, Call | Index | Name) and _fixed(node):
        outside = Scope(scope.model, scope.compile, scope.types)
        return _once(_compiled(outside, node))
    return _compiled(scope, node)


def _compiled(scope: Scope, node: Node) -> Step:  # noqa: PLR0911 (a case for each node)
    match node:
        case Literal():
            return _literal(node)
        case Variable(name):
            return variable(scope, name)
        case Name(source, name):
            return _named(scope, source, name)
        case Call(source, function, arguments):
            return _called(scope, source, function, arguments)
        case Index(source, position):
            return _at(compiled(scope, source), compiled(scope, position))
        case Binary(operator, left, right):
            return _binary(scope, operator, left, right)
        case Sign(sign, operand):
            return operators.signed(compiled(scope, operand), sign)


def _literal(node: Literal) -> Step:
    value, kind = node.value, node.kind
    if value is None:
        return collection(lambda _this, _frame: NOTHING)
    if not kind:
        return constant(f"System.{_LITERALS[type(value)]}", value)
    if kind == "decimal":
        return constant("System.Decimal", Decimal(value))
    if kind == "quantity":
        return constant("System.Quantity", literal(Decimal(value), node.unit))
    if (temporal.time if kind == "time" else temporal.moment)(str(value)) is None:
        raise FhirPathError(f"{value!r} is no {kind} that exists")
    return constant(f"System.{_KINDS[kind]}", value)


def _named(scope: Scope, source: Node | None, name: str) -> Step:
    if source is not None:
        before = compiled(scope, source)
        return navigation.child(scope.model, before, name, before.types)
    if name[:1].isupper() and scope.model.knows(name):
        return _root(scope, name)
    return navigation.child(scope.model, None, name, scope.types)


def _root(scope: Scope, type_: str) -> Step:
    """Give $this if it is of the type an expression begins with."""
    model = scope.model
    wanted = (type_,)
    if scope.types is not None and not types.possible(model, scope.types, wanted):
        raise FhirPathError(f"the expression is of a {type_}, not of {', '.join(scope.types)}")

    def run(this: Item, _frame: Frame) -> list[Item]:
        fits = this[0] == type_ or types.descends(model, this[0], wanted)
        return [this] if fits else NOTHING

    return collection(run, scope.types)


def _called(scope: Scope, source: Node | None, function: str, arguments: tuple[Node, ...]) -> Step:
    if source == Variable(TERMINOLOGIES):
        return asked(function, [compiled(scope, argument).run for argument in arguments])
    known = FUNCTIONS.get(function)
    if known is None:
        raise FhirPathError(f"the function {function}() is not known")
    least, most, build = known
    if not least <= len(arguments) <= most:
        raise FhirPathError(f"{function}() takes {least} to {most} arguments")
    before = variable(scope, "$this") if source is None else compiled(scope, source)
    return build(scope, before, arguments)


def _at(source: Step, position: Step) -> Step:
    before, place = source.run, position.run

    def run(this: Item, frame: Frame) -> list[Item]:
        item = single(place(this, frame), "an index")
        if item is None:
            return NOTHING
        at = value_of(item)
        if kind_of(item) != "Integer" or at is None:
            raise FhirPathError("an index must be a number")
        return before(this, frame)[at : at + 1] if at >= 0 else NOTHING

    return collection(run, source.types)


def _binary(scope: Scope, operator: str, left: Node, right: Node) -> Step:
    if operator == "is":
        return types.is_type(scope, compiled(scope, left), right)
    if operator == "as":
        return types.as_type(scope, compiled(scope, left), right)
    return _OPERATORS[operator](compiled(scope, left), compiled(scope, right))


def _fixed(node: Node) -> bool:
    """Say whether a part gives the same wherever it stands, and is more than a literal."""
    return _same_everywhere(node) and _has_variable(node)


def _same_everywhere(node: Node) -> bool:
    match node:
        case Variable(name):
            return not name.startswith("$")
        case Name(None, _) | Call(None, _, _):
            return False
        case Binary("is" | "as", left, _):
            return _same_everywhere(left)
        case Call(source, "as" | "is" | "ofType", _) if source is not None:
            return _same_everywhere(source)
        case _:
            return all(_same_everywhere(part) for part in parts(node))


def _has_variable(node: Node) -> bool:
    return isinstance(node, Variable) or any(_has_variable(part) for part in parts(node))


def _once(step: Step) -> Step:
    before = step.run

    def run(this: Item, frame: Frame) -> list[Item]:
        found = frame.memory.get(before)
        if found is None:
            found = frame.memory[before] = before(this, frame)
        return found

    return collection(run, step.types)
