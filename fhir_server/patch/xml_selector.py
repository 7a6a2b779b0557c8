"""The selectors of XML Patch: a small part of XPath, parsed and followed here, never handed on.

https://www.rfc-editor.org/rfc/rfc5261#section-4.1
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fhir_server.fhir.xml import Element
from fhir_server.patch.tree import Effort

FHIR = "http://hl7.org/fhir"
MAX_SELECTOR = 1_000
# What a child passed by, and one looked at, cost in the patch's effort.
_PASSED, _VISITED = 8, 128

_NAME = r"(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*"
_OPERAND = rf"(?:@{_NAME}|\.|text\(\)|{_NAME}(?:/{_NAME})*(?:/@{_NAME})?)"
_PREDICATE = rf"""\[\s*(?:[1-9][0-9]{{0,8}}|{_OPERAND}\s*=\s*(?:'[^']*'|"[^"]*"))\s*\]"""
_STEP = re.compile(rf"({_NAME}|\*)(?![\w(:])((?:{_PREDICATE})*)", re.ASCII)
_END = re.compile(rf"(?:@({_NAME})|text\(\)(?:\[([1-9][0-9]{{0,8}})\])?)", re.ASCII)
_TEST = re.compile(
    rf"""\[\s*(?:([0-9]+)|({_OPERAND})\s*=\s*(?:'([^']*)'|"([^"]*)"))\s*\]""", re.ASCII
)

# Where a text stands: in an element before its first child, or behind the element.
Slot = Literal["text", "tail"]


class XmlPatchError(ValueError):
    """A directive that cannot be: `name` is the standard's own for the error.

    https://www.rfc-editor.org/rfc/rfc5261#section-5.1
    """

    def __init__(self, name: str, told: str) -> None:
        super().__init__(f"{name}: {told}")


@dataclass(frozen=True, slots=True)
class Test:
    """A predicate: a position counted from 1, or the text at a path below that must be there."""

    position: int = 0
    path: tuple[str, ...] = ()
    attribute: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step down: the tag in lxml's notation, or `*`."""

    tag: str
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Selector:
    """A path from the document down; it ends at an attribute or at a text where it says so."""

    steps: tuple[Step, ...]
    attribute: str = ""
    text: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """What a selector found: an element, its attribute, or a text in or behind it."""

    element: Element
    attribute: str = ""
    slot: Slot | None = None


def parse(text: str, namespaces: Mapping[str | None, str]) -> Selector:
    """Read a selector; a name without prefix is FHIR's, and so is one with `f` unless declared.

    Raises XmlPatchError for what is outside of the standard's grammar.
    """
    if len(text) > MAX_SELECTOR:
        raise _unreadable(f"a selector has at most {MAX_SELECTOR} characters")
    if text.lstrip("/").startswith("id("):
        raise XmlPatchError("unsupported-id-function", "there are no XML ids in FHIR")
    names = {"f": FHIR, **namespaces}
    position = 1 if text.startswith("/") else 0
    steps: list[Step] = []
    while found := _STEP.match(text, position):
        tests = tuple(_test(one, names) for one in _TEST.findall(found[2]))
        steps.append(Step(_qualified(found[1], names, FHIR), tests))
        position = found.end()
        if position == len(text):
            return Selector(tuple(steps))
        if text[position] != "/":
            break
        position += 1
    end = _END.fullmatch(text, position)
    if end is None or not steps or text[position - 1] != "/":
        raise _unreadable(f"{text[position : position + 40]!r} cannot be read")
    attribute = _qualified(end[1], names, "") if end[1] else ""
    return Selector(tuple(steps), attribute, not attribute, int(end[2] or 0))


def _unreadable(told: str) -> XmlPatchError:
    return XmlPatchError(
        "invalid-attribute-value", f"{told}; a selector is like /Patient/name[1]/family/@value"
    )


def _qualified(name: str, namespaces: Mapping[str | None, str], default: str) -> str:
    prefix, colon, local = name.rpartition(":")
    if colon and prefix not in namespaces:
        raise XmlPatchError("invalid-namespace-prefix", f"the prefix {prefix} is not declared")
    namespace = namespaces[prefix] if colon else default
    return f"{{{namespace}}}{local}" if namespace and name != "*" else local


def _test(found: tuple[str, str, str, str], namespaces: Mapping[str | None, str]) -> Test:
    number, operand, single, double = found
    if number:
        return Test(position=int(number))
    path, at, attribute = operand.partition("@")
    steps = [step for step in path.split("/") if step not in ("", ".", "text()")]
    return Test(
        path=tuple(_qualified(step, namespaces, FHIR) for step in steps),
        attribute=_qualified(attribute, namespaces, "") if at else "",
        value=single or double,
    )


def locate(selector: Selector, root: Element, effort: Effort) -> Node:
    """Give the one node the selector finds; XmlPatchError where there are none, or several."""
    first, *rest = selector.steps
    found = _kept([root] if first.tag in ("*", root.tag) else [], first, effort)
    for step in rest:
        found = [
            one
            for parent in found
            for one in _kept(_children(parent, step.tag, effort), step, effort)
        ]
    nodes = [node for element in found for node in _nodes(selector, element)]
    if len(nodes) != 1:
        raise XmlPatchError("unlocated-node", f"sel finds {len(nodes) or 'no'} nodes, not one")
    return nodes[0]


def _children(parent: Element, tag: str, effort: Effort) -> list[Element]:
    effort.spend(_PASSED * len(parent))
    found = list(parent.iterchildren(tag))
    effort.spend(_VISITED * len(found))
    return found


def _kept(siblings: list[Element], step: Step, effort: Effort) -> list[Element]:
    """Give those of the siblings a step names that pass its tests."""
    for test in step.tests:
        if test.position:
            siblings = siblings[test.position - 1 : test.position]
        else:
            siblings = [one for one in siblings if test.value in _values(test, one, effort)]
    return siblings


def _values(test: Test, element: Element, effort: Effort) -> Sequence[str | None]:
    found = [element]
    for tag in test.path:
        found = [child for parent in found for child in _children(parent, tag, effort)]
    if test.attribute:
        return [one.get(test.attribute) for one in found]
    texts = ["".join(str(text) for text in one.itertext()) for one in found]
    effort.spend(sum(len(text) for text in texts))
    return texts


def _nodes(selector: Selector, element: Element) -> Iterable[Node]:
    if selector.attribute:
        return [Node(element, selector.attribute)] if selector.attribute in element.attrib else []
    if not selector.text:
        return [Node(element)]
    texts = [Node(element, slot="text")] if element.text else []
    texts += [Node(child, slot="tail") for child in element if child.tail]
    return texts[selector.position - 1 : selector.position] if selector.position else texts
