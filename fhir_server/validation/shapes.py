"""Shapes: the definitions of R4 as types msgspec decodes by, made when first needed.

A shape accepts less than the definitions: no companions (`_given`), no null, nothing nested past
STEPS. What it accepts is right except for what `Shapes.decoded` names.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from types import BuiltinFunctionType
from typing import Annotated, Any, Literal, Required, TypeAlias, TypedDict

import msgspec
from msgspec import Meta

from fhir_server.fhir import decimals
from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Key
from fhir_server.validation.choices import Check, choosing, choosing_in
from fhir_server.validation.primitives import CHECKS, MAX_STRING, PATTERNS, Rule, Verdict

Fields: TypeAlias = dict[str, Any]

# How often a value may stand in one of its own kind, or in one with a choice: it bounds the depth.
STEPS = 4
# Values of these come again and again; of each as many are known to be right.
_REPEATED = ("canonical", "code", "System.String", "uri", "url")
_KNOWN = 4096
_OPEN = ("Resource", "DomainResource")
_HIGH = 2**31 - 1
_TEXT: Any = Annotated[str, Meta(min_length=1, max_length=MAX_STRING)]
_NATIVE: dict[str, Any] = {
    "boolean": bool,
    "integer": Annotated[int, Meta(ge=-(2**31), le=_HIGH)],
    "markdown": _TEXT,
    "positiveInt": Annotated[int, Meta(ge=1, le=_HIGH)],
    "string": _TEXT,
    "unsignedInt": Annotated[int, Meta(ge=0, le=_HIGH)],
}


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes of one Spec, by content and steps taken."""

    spec: Spec
    _objects: dict[tuple[str, int, bool], Any] = field(default_factory=dict)
    _checks: dict[tuple[str, int], Check] = field(default_factory=dict)
    _decoders: dict[str, tuple[Any, Check]] = field(default_factory=dict)
    _primitives: dict[str, Any] = field(default_factory=dict)

    def decoded(self, type_: str, body: bytes) -> Any:
        """Decode a resource; msgspec.DecodeError or TypeError if its shape does not accept it.

        Not seen: elements that are unknown or come twice, they are left out; `-0`; objects that are
        empty; control characters in a string.
        """
        known = self._decoders.get(type_)
        if known is None:
            shape = self._object(type_, 0, frozenset())
            decoder = msgspec.json.Decoder(shape, float_hook=decimals.literal)
            known = self._decoders.setdefault(type_, (decoder, self._single(type_)))
        decoder, single = known
        value = decoder.decode(body)
        if not single(value):
            raise TypeError("two of one choice, or none")
        return value

    def accepts(self, value: Any, steps: int = 0) -> bool:
        """Say whether this is a resource of any type; what `decoded` raises is a no too."""
        type_ = value["resourceType"]
        return type_ in self.spec.types and self._check(type_, steps)(value)

    def _check(self, content: str, steps: int) -> Check:
        """Give the check of an object that stands as it is in a dict."""
        known = self._checks.get((content, steps))
        if known is None:
            made = _check(content, self._object(content, steps, frozenset()), self._single(content))
            known = self._checks.setdefault((content, steps), made)
        return known

    def _later(self, content: str, steps: int) -> Check:
        """Give the check of an object, made when the first is met."""
        made: list[Check] = []

        def check(value: Any) -> bool:
            if not made:
                made.append(self._check(content, steps))
            return made[0](value)

        return check

    def _single(self, content: str) -> Check:
        """Give the check of the choices of an object and of what stands right in it."""
        keys = self.spec.structures.keys
        inner = [
            (name, key.element.max == "1", single)
            for name, key in keys(content).items()
            if key.content != content and (single := choosing(keys(key.content)))
        ]
        own = choosing(keys(content))
        return choosing_in(own, inner) if inner else own or _anything

    def _object(self, content: str, steps: int, around: frozenset[str]) -> Any:
        """Give the type of an object that stands inside the contents `around`."""
        place = (content, steps, not around)
        known = self._objects.get(place)
        if known is None:
            fields = self._fields(content, steps, around)
            made = TypedDict(content, fields, total=False)  # type: ignore[misc]  # made at run time
            known = self._objects.setdefault(place, made)
        return known

    def _fields(self, content: str, steps: int, around: frozenset[str]) -> Fields:
        fields: Fields = {}
        if content in self.spec.types:
            fields["resourceType"] = Required[Literal[content]]
        for name, key in self.spec.structures.keys(content).items():
            value = self._value(key, steps, around | {content})
            if value is not None:
                needed = key.element.min > 0 and not key.element.choice
                fields[name] = Required[value] if needed else value
        return fields

    def _value(self, key: Key, steps: int, around: frozenset[str]) -> Any:
        """Give the type of a property; None where its shape takes none."""
        maximum = key.element.max
        one = self._primitive(key) or self._complex(key, steps, around)
        if maximum == "0" or one is None:
            return None
        if maximum == "1":
            return one
        most = None if maximum == "*" else int(maximum)
        return Annotated[list[one], Meta(min_length=1, max_length=most)]  # type: ignore[valid-type]  # made at run time

    def _complex(self, key: Key, steps: int, around: frozenset[str]) -> Any:
        content = key.content
        resource = content in _OPEN
        checked = len(around) == 1 or not choosing(self.spec.structures.keys(content))
        if checked and not resource and content not in around:
            return self._object(content, steps, around)
        if steps == STEPS:
            return None
        if not resource:
            return _kind(content, self._later(content, steps + 1))
        contained = key.element.name == "contained"
        return _kind(
            content,
            lambda value: (
                not (contained and "contained" in value) and self.accepts(value, steps + 1)
            ),
        )

    def _primitive(self, key: Key) -> Any:
        codes = self.spec.codes(key.element.required) if key.type == "code" else None
        name = key.element.required if codes else key.type
        if name in self._primitives:
            return self._primitives[name]
        if codes:
            made: Any = Literal[tuple(sorted(codes))]
        elif name in _REPEATED:
            made = _kind(name, _Known(PATTERNS[name]).__getitem__)
        elif name in CHECKS:
            made = _NATIVE.get(name) or _kind(name, PATTERNS.get(name) or _rule(CHECKS[name]))
        else:
            made = None
        return self._primitives.setdefault(name, made)


class _Known(dict[str, bool]):
    """Values found right, so that the next of the same costs a look."""

    def __init__(self, right: Verdict) -> None:
        super().__init__()
        self.right = right

    def __missing__(self, value: str) -> bool:
        if not self.right(value):
            return False
        if len(self) >= _KNOWN:
            self.clear()
        self[value] = True
        return True


def _anything(_value: Any) -> bool:
    return True


def _check(name: str, type_: Any, single: Check) -> Check:
    # msgspec knows a Struct again at once, and takes three times as long over a bare TypedDict.
    framed: Any = msgspec.defstruct(name, [("value", type_)], array_like=True, gc=False)
    convert = msgspec.convert

    def check(value: Any) -> bool:
        # An element that is not known is lost on the way, and the copy is another.
        return type(value) is dict and convert((value,), framed).value == value and single(value)

    return check


def _rule(rule: Rule) -> Check:
    return lambda value: rule(value, {}) is None


def _kind(name: str, check: Check) -> Any:
    """Give a class whose instances are the values that pass: msgspec asks isinstance of them."""
    # Python would give a function the class; a builtin is called as it is, three times as fast.
    bare = check if isinstance(check, BuiltinFunctionType) else staticmethod(check)
    meta = type(name, (type,), {"__instancecheck__": bare})
    return meta(name, (), {})


@lru_cache(maxsize=16)
def shapes(spec: Spec) -> Shapes:
    """Give the shapes of a Spec."""
    return Shapes(spec)
