"""Conditions as Python source: what FHIRPath says of JSON without companions, where that is plain.

`code.coding.where(system = 'x').exists()` of `v` becomes

    (any(True for c1 in v.get('code', {}).get('coding', ()) if (c1.get('system') == 'x')))

Only names of definitions and texts in `repr` come into the source, whoever wrote the expression.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, NamedTuple, TypeAlias

from fhir_server.fhirpath.language import regex, types
from fhir_server.fhirpath.language.bounded import MAX_TRIED
from fhir_server.fhirpath.language.values import KINDS, UCUM
from fhir_server.fhirpath.model import Model
from fhir_server.fhirpath.syntax import (
    Binary,
    Call,
    FhirPathError,
    Literal,
    Name,
    Node,
    Variable,
    parse,
)

# (prefix, object) → the name the source knows it by
Named: TypeAlias = Callable[[str, Any], str]
# What stands in the source before and after what is tested.
Test: TypeAlias = tuple[str, str]

_OPEN = ("Resource", "DomainResource", "Element")
_ORDERS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "==", "!=": "!="}
NEVER = "False"
_THIS = Variable("$this")
_DATES, _DAY = ("Date", "DateTime"), len("2026-11-29")
# Kinds whose toString() is what JSON has.
_TEXTS = ("String", "Date", "DateTime", "Time")
# What stands between the text of a test and a value, or behind that.
_TESTS = {
    "contains": (" in ", ""),
    "startsWith": ("", ".startswith"),
    "endsWith": ("", ".endswith"),
}
_COMPARED = {str: "String", int: "Integer"}


class NotPlain(Exception):
    """The expression, or the type it is of, is left to closures."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Values a path leads to, of type `content`.

    `value` is the expression that gives one, behind the `loops` that lead there, if `only`, a
    condition, holds; None where there is none, unless it is `sure`. `single`: one at most.
    """

    value: str
    content: str
    loops: str = ""
    only: str = ""
    sure: bool = True
    single: bool = True
    # An array's own name for whether it is there: none is empty.
    array: str = ""

    @property
    def inside(self) -> str:
        """What to ask for its children: an object."""
        return self.value if self.sure else f"{self.value[:-1]}, {{}})"

    @property
    def each(self) -> str:
        """The clauses of a comprehension that give the values that are there."""
        loops = self.loops or " for _ in (0,)"
        return f"{loops} if {self.there}" if self.there else loops

    @property
    def there(self) -> str:
        """What is true where one is there; '' where that is sure."""
        return self.only if self.sure else _both(self.only, f"{self.value} is not None")

    def where(self, condition: str) -> "Reach":
        """Give those a condition holds for as well."""
        return replace(self, only=_both(self.only, condition), array="")

    def meets(self, test: "Test", *, wanted: bool) -> "Reach":
        """Give those of which a test is as wanted."""
        before, after = test
        told = f"{before}{self.value}{after}"
        told = told if wanted else f"not ({told})"
        if not (self.sure or (wanted and after.startswith(" =="))):
            told = f"{self.value} is not None and {told}"
        # What is tested is there.
        return replace(self.where(told), sure=True)

    def one(self, key: str, content: str) -> "Reach":
        """Give its child under a key that has one value."""
        value = f"{self.inside}.get({key!r})"
        return Reach(value, content, self.loops, self.only, sure=False, single=self.single)

    def many(self, key: str, content: str, name: str) -> "Reach":
        """Give its children under a key that has an array."""
        only = f" if {self.only}" if self.only else ""
        array = f"{self.inside}.get({key!r}, ())"
        if only and not self.loops:
            return Reach(name, content, f" for {name} in ({array}{only} else ())", single=False)
        loops = f"{self.loops}{only} for {name} in {array}"
        there = "" if self.loops else f"{self.inside}.get({key!r})"
        return Reach(name, content, loops, single=False, array=there)


def _both(first: str, second: str) -> str:
    return f"{first} and {second}" if first else second


def _all(first: str, second: str) -> str:
    return NEVER if NEVER in (first, second) else f"({first} and {second})"


def _any(first: str, second: str) -> str:
    if NEVER in (first, second):
        return second if first == NEVER else first
    return f"({first} or {second})"


def doubted(
    model: Model, text: str, content: str, name: str, named: Named, *, exact: bool = False
) -> str:
    """Give a Python expression that is false only where an invariant holds of `name`.

    If `exact`, it is true only where the invariant is broken. `name` is a value of type `content`.
    Raises NotPlain for what only closures can tell.
    """
    ask = _Ask(wanted=False, exact=exact)
    try:
        return Writer(model, named).told(parse(text), Reach(name, content), ask)
    except FhirPathError:
        raise NotPlain from None


class _Ask(NamedTuple):
    """Whether a condition is asked to be true or false; if not `exact`, a yes may be wrong."""

    wanted: bool
    exact: bool = False

    def turned(self) -> "_Ask":
        """Ask for the opposite: an answer that may be wrong stays on the same side."""
        return _Ask(not self.wanted, self.exact)


class Writer:
    """What writes one expression; its variables are `c1`, `c2` …."""

    __slots__ = ("_model", "_named", "_names")

    def __init__(self, model: Model, named: Named) -> None:
        """Take the definitions, and what names an object for the source."""
        self._model, self._named = model, named
        self._names = (f"c{number}" for number in count(1))

    def told(self, node: Node, at: Reach, ask: _Ask) -> str:
        """Give what is true where a condition is as asked: an empty one is neither true nor false.

        `at` is $this.
        """
        match node:
            case Binary("and" | "or" | "implies" as operator, left, right):
                # a implies b: b, or not a.
                first = self.told(left, at, ask.turned() if operator == "implies" else ask)
                second = self.told(right, at, ask)
                return (_all if ask.wanted == (operator == "and") else _any)(first, second)
            case Call(source, "not", ()) if source is not None:
                return self.told(source, at, ask.turned())
            case Call(source, "exists" | "empty" | "hasValue" as function, arguments):
                same = ask.wanted == (function != "empty")
                exact = ask.exact or not same
                if function == "hasValue":
                    found = self._valued(source, at)
                else:
                    found = self._where(self.path(source, at, exact=exact), arguments, exact=exact)
                return any_of(found) if same else f"not {any_of(found)}"
            case Binary("is", left, right):
                names = types.named(self._model, right)
                found = self._one(left, at)
                return any_of([one for one in found if self._descends(one, names) == ask.wanted])
            case Binary(operator, left, right) if operator in _ORDERS:
                return self._compared(operator, left, right, at, ask)
            case Call(source, function, (argument,)):
                return self._tested(source, function, _literal(argument), at, ask)
            case _:
                raise NotPlain

    def _compared(self, operator: str, left: Node, right: Node, at: Reach, ask: _Ask) -> str:
        if operator == "<=" and isinstance(right, Name) and not (ask.wanted or ask.exact):
            return self._unordered(left, right, at)
        sign, value = _ORDERS[operator], _literal(right)
        if type(value) is int and (number := self._number(left, at)):
            return f"{'' if ask.wanted else 'not '}({number} {sign} {value})"
        test: Test = "", f" {sign} {value!r}"
        if isinstance(left, Call) and left.function == "length" and type(value) is int:
            left, kind, test = left.source or _THIS, "String", ("len(", f"){test[1]}")
        else:
            kind = _COMPARED.get(type(value), "")
        if not kind or (kind == "Integer" and operator not in ("=", "!=")):
            raise NotPlain
        found = self._of_kind(kind, left, at)
        return any_of([one.meets(test, wanted=ask.wanted) for one in found])

    def _unordered(self, left: Node, right: Node, at: Reach) -> str:
        """Give what is false only where one date is surely not after another."""
        found = [self._one(one, at) for one in (left, right)]
        if not all(len(one) == 1 and KINDS.get(one[0].content) in _DATES for one in found):
            raise NotPlain
        ((first,), (second,)) = found
        if first.loops or second.loops or first.only or second.only:
            raise NotPlain
        return f"not {self._named('ordered', ordered)}({first.value}, {second.value})"

    def _tested(
        self, source: Node | None, function: str, value: object, at: Reach, ask: _Ask
    ) -> str:
        if type(value) is not str or not value:
            raise NotPlain
        if function in _TESTS:
            before, after = _TESTS[function]
            test = (f"{value!r}{before}", after) if before else ("", f"{after}({value!r})")
        elif function == "matches" and not (ask.exact or ask.wanted):
            test = f"{self._named('matches', quickly(value))}(", ")"
        else:
            raise NotPlain
        found = self._of_kind("String", source or _THIS, at)
        return any_of([one.meets(test, wanted=ask.wanted) for one in found])

    def _number(self, node: Node, at: Reach) -> str:
        """Give how many there are, if a part tells that; else ''."""
        match node:
            case Call(source, "count", ()):
                found = self.path(source, at, exact=True)
                return " + ".join(f"sum(1{one.each})" for one in found) or "0"
            case Binary("+", left, right):
                first, second = self._number(left, at), self._number(right, at)
                return f"{first} + {second}" if first and second else ""
            case _:
                return ""

    def path(self, node: Node | None, at: Reach, *, exact: bool) -> list[Reach]:
        """Give what a path leads to, of each type of a choice; if not `exact`, perhaps more."""
        match node:
            case None | Variable("$this"):
                return [at]
            case Name(None, name) if name[:1].isupper() and self._model.knows(name):
                if at.content != name:
                    raise NotPlain
                return [at]
            case Name(source, name):
                return self.children(self.path(source, at, exact=exact), name)
            case Call(source, "where", arguments):
                return self._where(self.path(source, at, exact=exact), arguments, exact=exact)
            case Call(source, "ofType" | "as", (type_,)) | Binary("as", source, type_):
                names = types.named(self._model, type_)
                some = any(map(self._model.primitive, names))
                return [
                    one
                    for one in self.path(source, at, exact=exact)
                    if one.content in names or (not some and self._descends(one, names))
                ]
            case _:
                raise NotPlain

    def children(self, reached: Sequence[Reach], name: str) -> list[Reach]:
        """Give the elements of a name; a primitive without a companion has none."""
        return [
            found
            for one in reached
            if not self._model.primitive(one.content)
            for found in self._of(one, name)
        ]

    def _of(self, one: Reach, name: str) -> Iterator[Reach]:
        if one.content in _OPEN:
            raise NotPlain
        for member in self._model.members(one.content, name):
            if member.content in _OPEN:
                raise NotPlain
            if member.single:
                yield one.one(member.key, member.content)
            else:
                yield one.many(member.key, member.content, next(self._names))

    def _where(
        self, reached: Sequence[Reach], arguments: Sequence[Node], *, exact: bool
    ) -> list[Reach]:
        found = [*reached]
        for argument in arguments:
            try:
                asked = [(one, self._asked(argument, one)) for one in found]
            except NotPlain:
                if exact:
                    raise
                continue
            found = [one.where(told) for one, told in asked if told != NEVER]
        return found

    def _asked(self, argument: Node, one: Reach) -> str:
        this = Reach(one.value, one.content, sure=one.sure)
        told = self.told(argument, this, _Ask(wanted=True, exact=True))
        return told if one.sure or told == NEVER else f"{one.value} is not None and {told}"

    def _one(self, node: Node, at: Reach) -> list[Reach]:
        """Give what a path leads to that cannot lead to several."""
        found = self.path(node, at, exact=True)
        if not all(one.single for one in found):
            raise NotPlain
        return found

    def _of_kind(self, kind: str, node: Node, at: Reach) -> list[Reach]:
        """Give the one value of a kind of FHIRPath's own that a path leads to."""
        kinds: Collection[str] = (kind,)
        if isinstance(node, Call) and node.function == "toString" and kind == "String":
            node, kinds = node.source or _THIS, _TEXTS
        found = self._one(node, at)
        if not all(KINDS.get(one.content) in kinds for one in found):
            raise NotPlain
        return found

    def _valued(self, node: Node | None, at: Reach) -> list[Reach]:
        """Give the one primitive a path leads to."""
        found = self._one(node or _THIS, at)
        if not all(self._model.primitive(one.content) for one in found):
            raise NotPlain
        return found

    def _descends(self, one: Reach, names: tuple[str, ...]) -> bool:
        return types.descends(self._model, one.content, names)


def has(reached: Sequence[Reach], text: str) -> str:
    """Give what is true where one of the values is this text."""
    return any_of([one.meets(("", f" == {text!r}"), wanted=True) for one in reached])


def ordered(first: str | None, second: str | None) -> bool:
    """Say whether a date, dateTime or instant, as FHIR has them, is surely not after another.

    Those of one precision and one zone are in the order of their letters.
    """
    if first is None or second is None or len(first) != len(second) or first > second:
        return False
    return len(first) <= _DAY or first[-1] == second[-1] == "Z" or first[-6:] == second[-6:]


def quickly(pattern: str) -> Callable[[str], bool]:
    """Give what says whether a text surely matches a pattern, where `re` cannot run long."""
    quick = regex.compiled(pattern).quick
    if quick is None:
        raise NotPlain
    tried, search = quick.tried, quick.pattern.search

    def matches(text: str) -> bool:
        return tried(text) <= MAX_TRIED and search(text) is not None

    return matches


def _literal(node: Node) -> object:
    match node:
        case Literal(value, ""):
            return value
        case Variable("%ucum"):
            return UCUM
        case _:
            raise NotPlain


def any_of(reached: Sequence[Reach]) -> str:
    """Give what is true where there is anything."""
    each = [one.array or _is_there(one) for one in reached]
    return f"({' or '.join(each)})" if each else NEVER


def _is_there(one: Reach) -> str:
    return f"any(True{one.each})" if one.loops else one.there or "True"
