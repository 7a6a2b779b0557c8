"""References: read, made relative to our own base, found in a resource, rewritten.

https://hl7.org/fhir/R4/references.html
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec

from fhir_server.fhir import json

# What these say happened stays said when what they refer to is gone.
RECORDS = frozenset({"AuditEvent", "Provenance"})

Kind = Literal["relative", "absolute", "urn", "contained", "other"]
Find = Callable[[str], str | None]

_RESTFUL = re.compile(
    r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?", re.ASCII
)
_LINK = re.compile(r"""(["'(<])([^"'()<>\s]+)(?=["')>])""")
# A string under these names is never a uri: Identifier.value may well be the urn of something
# else, https://hl7.org/fhir/R4/http.html#trules names only references, uris and narrative.
_PLAIN = frozenset({"id", "value", "valueString", "display", "title", "name", "resourceType"})

# As this server writes JSON; a quote inside a string is escaped.
_NAMED, _BUNDLE = '"reference":"', '"resourceType":"Bundle"'
_named = re.compile(r'"reference":"([^"]*)').findall


class Reference(msgspec.Struct, frozen=True):
    """A reference taken apart; `base` ends without a slash, parts that are not there are empty."""

    kind: Kind
    base: str = ""
    type: str = ""
    id: str = ""
    version: str = ""


def parse(text: str) -> Reference:
    """Take a reference apart: `Type/id`, `…/_history/v`, absolute, `urn:…`, `#contained`."""
    return _remembered(text) if len(text) <= _SHORT else _parse(text)


def _parse(text: str) -> Reference:
    if text.startswith("#"):
        return Reference("contained", id=text[1:])
    if text.startswith(("urn:uuid:", "urn:oid:")):
        return Reference("urn")
    base, slash, path = "", "", text
    match = _RESTFUL.fullmatch(text)
    if match is None:
        base, slash, path = _split(text)
        match = _RESTFUL.fullmatch(path)
    if match is None or (slash and not base.startswith(("http://", "https://"))):
        return Reference("other")
    kind: Kind = "absolute" if slash else "relative"
    return Reference(kind, base, match[1], match[2], match[3] or "")


# One patient is referred to again and again; nothing long is kept.
_SHORT = 200
_remembered = lru_cache(maxsize=8192)(_parse)


def relative(reference: str, base_urls: Collection[str]) -> str:
    """Give `Type/id…` for a URL under one of our own bases, and any other reference as it is.

    `base_urls` have no trailing slash.
    """
    found = parse(reference)
    if found.kind == "absolute" and found.base in base_urls:
        return reference[len(found.base) + 1 :]
    return reference


def target(reference: str, base_urls: Collection[str]) -> str:
    """Give what a reference points at, whatever its version: `Type/id`, a URL or a urn."""
    tell = _target_remembered if len(reference) <= _SHORT else _target
    return tell(reference, tuple(base_urls))


def _target(reference: str, base_urls: tuple[str, ...]) -> str:
    found = parse(reference)
    if not found.type:
        return reference
    path = f"{found.type}/{found.id}"
    own = found.kind == "relative" or found.base in base_urls
    return path if own else f"{found.base}/{path}"


_target_remembered = lru_cache(maxsize=8192)(_target)


def local_targets(texts: Iterable[str], base_urls: Collection[str]) -> set[str]:
    """Give the `Type/id` of every literal reference to a resource under one of our own bases."""
    return {
        f"{one.type}/{one.id}"
        for one in map(parse, texts)
        if one.type and (one.kind == "relative" or one.base in base_urls)
    }


def reference_texts(resource: Mapping[str, Any]) -> set[str]:
    """Give every Reference.reference in a resource, as written.

    A Bundle inside is a world of its own: nothing in it is given.
    """
    written = json.dump(resource).decode()
    if _NAMED not in written:
        return set()
    texts = set(_named(written))
    # What is escaped, or inside a Bundle perhaps, has to be looked for.
    return _texts(resource) if _BUNDLE in written or "\\" in "".join(texts) else texts


def _texts(resource: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    level: list[Any] = [resource]
    while level:
        value = level.pop()
        if type(value) is list:
            inside = value
        elif "entry" not in value or value.get("resourceType") != "Bundle":
            inside = value.values()
            if type(text := value.get("reference")) is str:
                found.add(text)
        else:
            continue
        for inner in inside:
            if type(inner) is dict or type(inner) is list:
                level.append(inner)  # noqa: PERF401 (a list for what is mostly none costs more)
    return found


def references(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (FHIRPath location, string) of every Reference.reference in a resource.

    A Bundle inside is a world of its own: what points at its own entries is not yielded.
    """
    yield from _references(resource, str(resource.get("resourceType", "")), ())


class Renamed(dict[str, str | None]):
    """What becomes of texts where `find` gives another for references; None for what stays.

    A whole text is replaced, or in one of narrative or markdown a link target in quotes or
    brackets. A text without any of `/:?` is no reference: it is not asked for. Each is looked at
    once: systems come again and again.
    """

    def __init__(self, find: Find) -> None:
        """No text is looked at yet."""
        self.find = find

    def __missing__(self, text: str) -> str | None:
        """Look at a text."""
        named = "/" in text or ":" in text or "?" in text
        new = self[text] = _renamed(text, self.find) if named else None
        return new


def rewrite(resource: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """Give the resource with every reference that is a key of `mapping` replaced: `rewritten`."""
    return rewritten(resource, Renamed(mapping.get)) if mapping else resource


def rewritten(resource: dict[str, Any], renamed: Renamed) -> dict[str, Any]:
    """Give the resource with its references, uris, canonicals and texts as they are `renamed`.

    Identifier values and the like stay. In a Bundle inside, what points at its own entries stays
    too. The resource itself is not changed; what in it stays is shared with what is given.
    """
    return _rewrite_object(resource, renamed)


def _split(text: str) -> tuple[str, str, str]:
    """Split a reference into base, slash, and `Type/id[/_history/v]`."""
    parts = text.split("/")
    size = 4 if len(parts) > 3 and parts[-2] == "_history" else 2  # noqa: PLR2004 (T/i/_history/v)
    base = "/".join(parts[:-size])
    return base, "/" if len(parts) > size else "", "/".join(parts[-size:])


def _references(
    value: Any, path: str, own: tuple[frozenset[str], ...]
) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if entries := _own_entries(value):
            own = (*own, entries)
        for name, inner in value.items():
            if name == "reference" and isinstance(inner, str):
                if not any(inner in urls for urls in own):
                    yield f"{path}.reference", inner
            elif isinstance(inner, dict | list):
                yield from _references(inner, f"{path}.{name}", own)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            if isinstance(inner, dict | list):
                yield from _references(inner, f"{path}[{place}]", own)


def _own_entries(value: Mapping[str, Any]) -> frozenset[str]:
    entries = value.get("entry") if value.get("resourceType") == "Bundle" else None
    if not isinstance(entries, list):
        return frozenset()
    urls = [entry.get("fullUrl") for entry in entries if isinstance(entry, dict)]
    return frozenset(url for url in urls if isinstance(url, str))


def _rewrite_object(value: dict[str, Any], renamed: Renamed) -> dict[str, Any]:
    """Give the object as it is where nothing in it is replaced, else a new one."""
    if value.get("resourceType") == "Bundle" and (own := _own_entries(value)):
        renamed = _without(own, renamed)
    made = value
    for name, inner in value.items():
        kind = type(inner)
        if kind is str:
            if name in _PLAIN:
                continue
            new: Any = renamed[inner] or inner
        elif kind is dict:
            new = _rewrite_object(inner, renamed)
        elif kind is list:
            new = _rewrite_list(inner, renamed)
        else:
            continue
        if new is not inner:
            made = value.copy() if made is value else made
            made[name] = new
    return made


def _without(own: frozenset[str], renamed: Renamed) -> Renamed:
    find = renamed.find
    return Renamed(lambda text: None if text in own else find(text))


def _rewrite_list(value: list[Any], renamed: Renamed) -> list[Any]:
    made = value
    for place, inner in enumerate(value):
        kind = type(inner)
        if kind is dict:
            new: Any = _rewrite_object(inner, renamed)
        elif kind is str:
            new = renamed[inner] or inner
        elif kind is list:
            new = _rewrite_list(inner, renamed)
        else:
            continue
        if new is not inner:
            made = value.copy() if made is value else made
            made[place] = new
    return made


def _renamed(text: str, find: Find) -> str | None:
    found = find(text)
    if found is not None:
        return found
    # Four looks for a character cost less than one for a pattern.
    marked = "(" in text or "<" in text or '"' in text or "'" in text
    if not marked or not ("/" in text or "urn:" in text):
        return None
    replaced = _LINK.sub(lambda link: link[1] + (find(link[2]) or link[2]), text)
    return None if replaced == text else replaced
