"""Language tags: whether a text is one, by its grammar and IANA's subtags, and its name.

https://www.rfc-editor.org/rfc/rfc5646#section-2.1
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from fhir_server.spec.pack import Pack

URL = "urn:ietf:bcp:47"
MAX_LENGTH = 255
_TAG = re.compile(
    r"(?P<language>[a-z]{2,8})(?P<extlang>(?:-[a-z]{3})*)(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|\d{3}))?(?P<variant>(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*)(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.ASCII,
)
_PRIVATE = re.compile(r"x(?:-[a-z0-9]{1,8})+", re.ASCII)
_KINDS = ("language", "extlang", "script", "region", "variant")


def is_tag(text: str) -> bool:
    """Say whether a text is a valid language tag: well formed, with registered subtags."""
    return bool(text and len(text) <= MAX_LENGTH) and name(text) is not None


def name(text: str) -> str | None:
    """Give the English name of a language tag, `Vietnamese (Vietnam)`; None for what is none."""
    tag = text[: MAX_LENGTH + 1].lower()
    known = _subtags()
    for kind in ("grandfathered", "redundant"):
        if tag in known[kind]:
            return known[kind][tag]
    if _PRIVATE.fullmatch(tag):
        return "Private use"
    found = _TAG.fullmatch(tag)
    if found is None or not _is_unique(found):
        return None
    pairs = [
        (kind, subtag) for kind in _KINDS for subtag in (found[kind] or "").split("-") if subtag
    ]
    names = [known[kind].get(subtag) for kind, subtag in pairs]
    if None in names:
        return None
    first, *others = (one for one in names if one)
    return f"{first} ({', '.join(others)})" if others else first


def _is_unique(found: re.Match[str]) -> bool:
    """Say whether no variant and no singleton stands twice."""
    variants = [one for one in found["variant"].split("-") if one]
    singletons = re.findall(r"-([a-z0-9])(?=-)", found["extensions"])
    return all(len(set(ones)) == len(ones) for ones in (variants, singletons))


@cache
def _subtags() -> Mapping[str, Mapping[str, str]]:
    folder = Path(str(files("profiles"))) / "terminology"
    (found,) = Pack(folder / "terminology.pack").find("LanguageTags", URL)
    subtags: Mapping[str, Mapping[str, str]] = found["subtags"]
    return subtags
