"""Editing an element tree where text stands between elements: put in, take out, replace.

lxml keeps a text with the element before it: its slot is `text` in the parent or `tail` behind.
"""

from copy import deepcopy

from fhir_server.fhir.xml import Element
from fhir_server.patch.xml_selector import FHIR, Slot


def put(parent: Element, index: int, content: Element, *, first: bool) -> None:
    """Put what stands in `content` before the child at `index`, `first` before its text too."""
    holder, slot = _before(parent, index)
    old = _get(holder, slot)
    _set(holder, slot, ("" if first else old) + _words(content.text))
    copies = [adopted(child) for child in content]
    for place, child in enumerate(copies):
        parent.insert(index + place, child)
    if first:
        last, slot = (copies[-1], "tail") if copies else (holder, slot)
        _set(last, slot, _get(last, slot) + old)


def take(element: Element) -> None:
    """Take an element out of its parent; the text behind it stays."""
    parent = element.getparent()
    assert parent is not None
    holder, slot = _before(parent, parent.index(element))
    _set(holder, slot, _get(holder, slot) + (element.tail or ""))
    parent.remove(element)


def exchange(element: Element, other: Element) -> Element:
    """Put a copy of `other` in the place of an element, and give it; a root has no place."""
    new = adopted(other)
    new.tail = element.tail
    parent = element.getparent()
    if parent is not None:
        parent.replace(element, new)
    return new


def adopted(child: Element) -> Element:
    """Give a copy in which a name without namespace is FHIR's."""
    copy = deepcopy(child)
    copy.tail = _words(copy.tail) or None
    for one in copy.iter():
        if not str(one.tag).startswith("{"):
            one.tag = f"{{{FHIR}}}{one.tag}"
    return copy


def prune(root: Element) -> None:
    """Take out FHIR's elements that hold nothing any more."""
    for element in reversed(list(root.iter(f"{{{FHIR}}}*"))):
        if element is not root and not (len(element) or element.attrib or element.text):
            take(element)


def _before(parent: Element, index: int) -> tuple[Element, Slot]:
    return (parent[index - 1], "tail") if index else (parent, "text")


def _get(element: Element, slot: Slot) -> str:
    return (element.text if slot == "text" else element.tail) or ""


def _set(element: Element, slot: Slot, text: str) -> None:
    setattr(element, slot, text or None)


def _words(text: str | None) -> str:
    """Give a text of a patch, '' for one that only indents."""
    return text if text and text.strip() else ""
