"""Which children of its focus an expression depends on, from its text alone.

Careful: where it is not certain that nothing else counts, the answer is that all of it does.
"""

from dataclasses import dataclass

from fhir_server.fhirpath.model import Model
from fhir_server.fhirpath.syntax import Binary, Call, Index, Name, Node, Sign, Variable

# What these give depends on the focus being there and on its type only.
_OF_THE_FOCUS = frozenset(("exists", "empty", "count", "is", "not"))
# These give the focus, or nothing.
_THE_FOCUS = frozenset(
    ("where", "as", "ofType", "first", "last", "single", "trace", "tail", "skip", "take")
)
_ASKED_OF_EACH = frozenset(("where", "select", "all", "exists", "iif", "trace", "sort"))
# These look beyond the focus.
_BEYOND = frozenset(("resolve", "children", "descendants", "repeat", "aggregate"))
_TYPES = frozenset(("is", "as", "ofType"))


class _Whole(Exception):
    """The expression depends on more than some children."""


@dataclass(frozen=True, slots=True)
class _Reader:
    model: Model
    found: set[str]

    def focus(self, node: Node, *, this: bool) -> bool:  # noqa: PLR0911 (a case for each node)
        """Note what a part reads; say whether it may give the focus itself.

        `this`: $this is the focus.
        """
        match node:
            case Variable(name):
                return self._variable(name, this=this)
            case Name(source, name):
                return self._child(source, name, this=this)
            case Call(source, function, arguments):
                return self._call(source, function, arguments, this=this)
            case Index(source, position):
                self.value(position, this=this)
                return self.focus(source, this=this)
            case Binary("is", left, _):
                self.focus(left, this=this)
                return False
            case Binary("as", left, _):
                return self.focus(left, this=this)
            case Binary(_, left, right):
                self.value(left, this=this)
                self.value(right, this=this)
                return False
            case Sign(_, operand):
                self.value(operand, this=this)
                return False
            case _:
                return False

    def value(self, node: Node, *, this: bool) -> None:
        """Note what a part reads whose value counts."""
        if self.focus(node, this=this):
            raise _Whole

    def _variable(self, name: str, *, this: bool) -> bool:
        if name in ("%resource", "%rootResource", "%terminologies", "$total"):
            raise _Whole
        return name == "%context" or (this and name == "$this")

    def _child(self, source: Node | None, name: str, *, this: bool) -> bool:
        if source is None and name[:1].isupper() and self.model.knows(name):
            return this
        if (source is None and this) or (source is not None and self.focus(source, this=this)):
            self.found.add(name)
        return False

    def _call(
        self, source: Node | None, function: str, arguments: tuple[Node, ...], *, this: bool
    ) -> bool:
        if function in _BEYOND:
            raise _Whole
        inner = this if source is None else self.focus(source, this=this)
        if function == "extension" and inner:
            self.found.add("extension")
        elif inner and function not in _OF_THE_FOCUS | _THE_FOCUS | _ASKED_OF_EACH:
            raise _Whole
        given = [
            self.focus(argument, this=inner if function in _ASKED_OF_EACH else this)
            for argument in arguments
            if function not in _TYPES
        ]
        if function in ("select", "iif"):
            return any(given)
        if any(given):
            raise _Whole
        return inner and function in _THE_FOCUS


def reads(model: Model, tree: Node) -> frozenset[str] | None:
    """Give the names of the children of the focus an expression depends on.

    None if it depends on more: the focus as a whole, its descendants, other resources.
    """
    reader = _Reader(model, set())
    try:
        reader.value(tree, this=True)
    except _Whole:
        return None
    return frozenset(reader.found)
