"""XML Patch: add, replace and remove nodes of a resource's XML form, all or none.

https://www.rfc-editor.org/rfc/rfc5261
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir import xml
from fhir_server.fhir.errors import Invalid, Unprocessable
from fhir_server.fhir.xml import Element
from fhir_server.patch import xml_nodes
from fhir_server.patch.tree import MAX_OPERATIONS, Effort
from fhir_server.patch.xml_selector import Node, Selector, XmlPatchError, locate, parse
from fhir_server.spec.structures import Structures
from fhir_server.spec.xml import from_element, to_element

_ATTRIBUTES = {"add": {"sel", "pos", "type"}, "replace": {"sel"}, "remove": {"sel", "ws"}}
_POSITIONS = ("", "prepend", "before", "after")
_WHITE = ("", "before", "after", "both")


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive: `content` is its own element, `attribute` the one to add, if one is."""

    name: str
    selector: Selector
    content: Element
    text: str
    pos: str = ""
    attribute: str = ""


def read(body: bytes) -> list[Directive]:
    """Give the directives of a patch document; Invalid names the one that is none."""
    root = xml.parse(body)
    if _local(root) not in ("diff", "patch"):
        raise Invalid("invalid-diff-format: an XML Patch is a diff element.", code="structure")
    if len(root) > MAX_OPERATIONS:
        told = f"The patch has {len(root)} directives; at most {MAX_OPERATIONS} are run."
        raise Invalid(told, code="too-costly")
    return [_read_one(element, f"[{place}]") for place, element in enumerate(root)]


def run(
    structures: Structures, directives: Sequence[Directive], resource: dict[str, Any]
) -> dict[str, Any]:
    """Give the resource as the directives leave it; it is not changed itself.

    Raises Unprocessable naming the directive that does not fit, and where what comes out is no
    FHIR XML: an element out of order, for one.
    """
    try:
        return from_element(structures, patched(directives, to_element(structures, resource)))
    except Invalid as error:
        raise Unprocessable(issues=error.issues) from None


def patched(directives: Sequence[Directive], root: Element) -> Element:
    """Give the tree as the directives leave it; the one given is changed."""
    effort = Effort()
    for place, directive in enumerate(directives):
        try:
            root = _RUN[directive.name](root, directive, locate(directive.selector, root, effort))
        except (XmlPatchError, Unprocessable) as error:
            code = error.issues[0].code if isinstance(error, Unprocessable) else None
            told = f"The directive {directive.text} does not fit: {error}"
            raise Unprocessable(told, code=code, expression=f"[{place}]") from None
    xml_nodes.prune(root)
    return root


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _read_one(element: Element, where: str) -> Directive:
    try:
        return _directive(element, _local(element))
    except XmlPatchError as error:
        raise Invalid(f"The directive cannot be read: {error}.", expression=where) from None


def _directive(element: Element, name: str) -> Directive:
    if name not in _ATTRIBUTES:
        told = f"a directive is add, replace or remove, not {name[:32]}"
        raise XmlPatchError("invalid-patch-directive", told)
    given = xml.attributes(element)
    if beside := given.keys() - _ATTRIBUTES[name]:
        raise XmlPatchError("invalid-attribute-value", f"{name} has no {min(beside)[:32]!r}")
    if given.get("pos", "") not in _POSITIONS or given.get("ws", "") not in _WHITE:
        raise XmlPatchError("invalid-attribute-value", "pos or ws has another value")
    sel, type_ = given.get("sel", "").strip(), given.get("type", "")
    if type_.startswith("namespace::") or "namespace::" in sel:
        raise XmlPatchError("invalid-patch-directive", "FHIR's namespaces are given")
    if "comment()" in sel or "processing-instruction(" in sel:
        raise XmlPatchError("unlocated-node", "a resource keeps no comments or instructions")
    selector = parse(sel, element.nsmap)
    attribute = parse(f"x/{type_}", element.nsmap).attribute if type_ else ""
    if type_ and (not attribute or "pos" in given):
        raise XmlPatchError("invalid-attribute-value", "type is @ and a name, without a pos")
    return Directive(
        name, selector, element, f"{name} {sel[:120]}", given.get("pos", ""), attribute
    )


def _add(root: Element, directive: Directive, node: Node) -> Element:
    if node.attribute or node.slot:
        raise XmlPatchError("invalid-node-types", "what is added to, is an element")
    if directive.attribute:
        if directive.attribute in node.element.attrib:
            raise XmlPatchError("invalid-patch-directive", "the attribute is there; replace it")
        _set(node.element, directive.attribute, _text(directive.content))
        return root
    beside = directive.pos in ("before", "after")
    parent = node.element.getparent() if beside else node.element
    if parent is None:
        raise XmlPatchError("invalid-root-element-operation", "there is one root element")
    index = parent.index(node.element) if beside else len(parent)
    place = {"prepend": 0, "after": index + 1}.get(directive.pos, index)
    first = directive.pos in ("prepend", "after")
    xml_nodes.put(parent, place, directive.content, first=first)
    return root


def _replace(root: Element, directive: Directive, node: Node) -> Element:
    if node.attribute:
        _set(node.element, node.attribute, _text(directive.content))
    elif node.slot:
        setattr(node.element, node.slot, _text(directive.content) or None)
    else:
        if len(directive.content) != 1 or (directive.content.text or "").strip():
            raise XmlPatchError("invalid-node-types", "one element replaces an element")
        new = xml_nodes.exchange(node.element, directive.content[0])
        return new if node.element is root else root
    return root


def _remove(root: Element, directive: Directive, node: Node) -> Element:
    if len(directive.content) or (directive.content.text or "").strip():
        raise XmlPatchError("invalid-node-types", "remove is empty")
    if node.attribute:
        del node.element.attrib[node.attribute]
    elif node.slot:
        setattr(node.element, node.slot, None)
    elif node.element is root:
        raise XmlPatchError("invalid-root-element-operation", "the root cannot be removed")
    else:
        xml_nodes.take(node.element)
    return root


_RUN: dict[str, Callable[[Element, Directive, Node], Element]] = {
    "add": _add,
    "replace": _replace,
    "remove": _remove,
}


def _text(content: Element) -> str:
    if len(content):
        raise XmlPatchError("invalid-node-types", "text is given as text, without elements")
    return content.text or ""


def _set(element: Element, attribute: str, text: str) -> None:
    try:
        element.set(attribute, text)
    except ValueError:
        raise XmlPatchError("invalid-attribute-value", "that is no attribute's name") from None
