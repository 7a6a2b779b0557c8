"""Displays: the text of a code in the language that is asked for.

https://hl7.org/fhir/R4/codesystem-concepts.html and https://hl7.org/fhir/R4/languages.html
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_server.terminology.code_system import Concept


def display(concepts: Sequence[Concept], language: str = "", native: str = "") -> str:
    """Give the display of a code, "" where it has none.

    `concepts` say what the code is called, the first that says something counts; `native` is the
    language of their displays. Where nothing is in the `language` the display is given as it is.
    """
    if language and not speaks(native, language):
        for concept in concepts:
            for row in concept.get("designation", ()):
                if speaks(row.get("language", ""), language) and row.get("value"):
                    return str(row["value"])
    return next((str(one["display"]) for one in concepts if one.get("display")), "")


def designations(concepts: Sequence[Concept]) -> Iterator[Mapping[str, Any]]:
    """Give the designations of a code, each once."""
    given: list[Mapping[str, Any]] = []
    for concept in concepts:
        for row in concept.get("designation", ()):
            if row not in given:
                given.append(row)
                yield row


def texts(concepts: Sequence[Concept]) -> Iterator[str]:
    """Give all that a code is called, in any language."""
    yield from (str(one["display"]) for one in concepts if one.get("display"))
    yield from (str(row["value"]) for row in designations(concepts) if row.get("value"))


def speaks(language: str, wanted: str) -> bool:
    """Say whether a language is the wanted one, or a kind of it: `vi-VN` is `vi`."""
    return f"{language}-".lower().startswith(f"{wanted}-".lower())


def alike(one: str, other: str) -> bool:
    """Say whether two displays differ in nothing but case and spaces; accents count."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
