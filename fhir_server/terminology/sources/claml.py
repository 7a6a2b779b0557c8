"""ClaML, the XML the WHO publishes classifications in (EN 14463): one Class a code.

https://icd.who.int/browse10/Content/static/ClaML.dtd
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fhir_server.fhir import xml
from fhir_server.fhir.errors import Invalid
from fhir_server.store.concepts import Concept, Designation
from fhir_server.terminology.sources.source import Edge, Source

MAX_BYTES = 256 * 1024 * 1024
# The published files name their DTD and declare nothing: it is not needed, and not read.
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+ClaML\s+(?:SYSTEM|PUBLIC)\s[^\[\]<>]*>")
_DESIGNATIONS = ("preferredLong", "inclusion")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def source(path: Path, url: str, version: str, notice: str) -> Source:
    """Give the source of a ClaML file; Invalid for any other XML."""

    @cache
    def root() -> xml.Element:
        return _root(path)

    title = next(root().iter("Title"), None)
    found = "" if title is None else title.get("version", "")
    return Source(
        url=url,
        version=version or str(found),
        title=(title.get("name") if title is not None else None) or "ICD-10",
        edges=lambda: _edges(root()),
        concepts=lambda: map(_concept, root().iter("Class")),
        language=_language(root()),
        notice=notice,
        properties={"kind": "code"},
    )


def _root(path: Path) -> xml.Element:
    if path.stat().st_size > MAX_BYTES:
        raise Invalid(f"{path.name} is larger than {MAX_BYTES} bytes.", code="too-long")
    root = xml.parse(_DOCTYPE.sub(b"", path.read_bytes(), count=1))
    if root.tag != "ClaML":
        raise Invalid(f"{path.name} is no ClaML: its root element is {str(root.tag)[:64]!r}.")
    return root


def _language(root: xml.Element) -> str:
    """Give the language of the first label."""
    label = next(root.iter("Label"), None)
    return "" if label is None else str(label.get(_LANGUAGE, ""))


def _edges(root: xml.Element) -> Iterator[Edge]:
    for row in root.iter("Class"):
        for upper in row.iterchildren("SuperClass"):
            yield str(row.get("code", "")), str(upper.get("code", ""))


def _concept(row: xml.Element) -> Concept:
    texts = [
        (str(rubric.get("kind", "")), _text(label), str(label.get(_LANGUAGE, "")))
        for rubric in row.iterchildren("Rubric")
        for label in rubric.iterchildren("Label")
    ]
    code = str(row.get("code", ""))
    preferred = [text for kind, text, _ in texts if kind in ("preferred", "preferredLong")]
    display = preferred[0] if preferred else code
    return Concept(
        code=code,
        display=display,
        designations=tuple(
            Designation(text, language, kind)
            for kind, text, language in texts
            if kind in _DESIGNATIONS and text != display
        ),
        properties=(("kind", str(row.get("kind", ""))),),
    )


def _text(label: xml.Element) -> str:
    """Give the text of a label, without its cross references."""
    parts = [label.text or ""]
    for inner in label:
        parts.append("" if inner.tag == "Reference" else "".join(map(str, inner.itertext())))
        parts.append(inner.tail or "")
    return " ".join("".join(parts).split())
