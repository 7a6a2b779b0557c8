"""FHIRPath text → syntax tree, by precedence climbing.

Grammar: https://hl7.org/fhirpath/N1/grammar.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias


class FhirPathError(ValueError):
    """The text is not FHIRPath, or asks for what these definitions do not have."""


@dataclass(frozen=True, slots=True)
class Literal:
    """`'phone'`, `false`, `0`."""

    value: str | bool | int


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable: `$this` or `%resource`."""

    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """`source.name`; without a source, an element of the focus or a type."""

    source: "Node | None"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`source.function(arguments)`."""

    source: "Node | None"
    function: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Index:
    """`source[position]`."""

    source: "Node"
    position: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; for `is` and `as` the right side names a type."""

    operator: str
    left: "Node"
    right: "Node"


Node: TypeAlias = Literal | Variable | Name | Call | Index | Binary

# Higher binds tighter: https://hl7.org/fhirpath/N1/#operator-precedence
_PRECEDENCE = {
    "or": 1,
    "xor": 1,
    "and": 2,
    "=": 4,
    "!=": 4,
    "|": 6,
    "is": 7,
    "as": 7,
}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[0-9]+)
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<variable>[$%][A-Za-z]+)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<quoted>`[^`]*`)
      | (?P<sign>!=|[().,|=\[\]])
    )\s*""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(.)")
_WHITE = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


class _Token(NamedTuple):
    kind: str
    text: str


_END = _Token("end", "the end")


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """Give the tree of a FHIRPath expression; FhirPathError if it is none."""
    tokens = _tokens(text)
    try:
        tree, rest = _expression(tokens, 0, 0)
    except RecursionError:
        raise FhirPathError("the expression is nested too deeply") from None
    if tokens[rest] is not _END:
        raise FhirPathError(f"unexpected {tokens[rest].text!r} in {text!r}")
    return tree


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise FhirPathError(f"cannot read {text[position : position + 20]!r} in {text!r}")
        found.append(_Token(match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return [*found, _END]


def _expression(tokens: list[_Token], at: int, floor: int) -> tuple[Node, int]:
    left, at = _term(tokens, at)
    while (power := _PRECEDENCE.get(tokens[at].text, 0)) > floor:
        operator = tokens[at].text
        right, at = _expression(tokens, at + 1, power)
        left = Binary(operator, left, right)
    return left, at


def _term(tokens: list[_Token], at: int) -> tuple[Node, int]:
    node, at = _primary(tokens, at)
    while tokens[at].text in (".", "[") and tokens[at].kind == "sign":
        if tokens[at].text == ".":
            node, at = _invocation(tokens, at + 1, node)
        else:
            position, at = _expression(tokens, at + 1, 0)
            node, at = Index(node, position), _expect(tokens, at, "]")
    return node, at


def _primary(tokens: list[_Token], at: int) -> tuple[Node, int]:
    kind, text = tokens[at]
    if kind == "number":
        return Literal(int(text)), at + 1
    if kind == "string":
        return Literal(_ESCAPE.sub(lambda m: _WHITE.get(m[1], m[1]), text[1:-1])), at + 1
    if kind == "variable":
        return Variable(text), at + 1
    if kind == "name" and text in ("true", "false"):
        return Literal(text == "true"), at + 1
    if kind == "sign" and text == "(":
        node, at = _expression(tokens, at + 1, 0)
        return node, _expect(tokens, at, ")")
    return _invocation(tokens, at, None)


def _invocation(tokens: list[_Token], at: int, source: Node | None) -> tuple[Node, int]:
    kind, text = tokens[at]
    if kind not in ("name", "quoted"):
        raise FhirPathError(f"a name is expected, not {text!r}")
    if tokens[at + 1].text != "(":
        return Name(source, text.strip("`")), at + 1
    arguments: list[Node] = []
    at += 2
    while tokens[at].text != ")":
        argument, at = _expression(tokens, at, 0)
        arguments.append(argument)
        if tokens[at].text != ")":
            at = _expect(tokens, at, ",")
    return Call(source, text, tuple(arguments)), at + 1


def _expect(tokens: list[_Token], at: int, sign: str) -> int:
    if tokens[at].text != sign:
        raise FhirPathError(f"{sign!r} is expected, not {tokens[at].text!r}")
    return at + 1
