"""String parameters. https://hl7.org/fhir/R4/search.html#string"""

import unicodedata

from tests.oracle.definitions import Value
from tests.oracle.words import LETTERS, fold, plain, starts, starts_at_a_word
from tests.oracle.world import World

PARTS = {
    "HumanName": ("text", "family", "given", "prefix", "suffix"),
    "Address": ("text", "line", "city", "district", "state", "postalCode", "country"),
}


def parts(value: Value) -> list[str]:
    """Give every string of a value: a name or an address has several."""
    if isinstance(value.json, str):
        return [value.json]
    found = []
    for name in PARTS.get(value.type, ()):
        inner = value.json.get(name, [])
        found += inner if isinstance(inner, list) else [inner]
    return [part for part in found if part is not None]


def whole(value: Value) -> str:
    """Give a value as one line: its text, else its parts one after the other."""
    if isinstance(value.json, dict) and "text" in value.json:
        return value.json["text"]
    return " ".join(parts(value))


def starts_with(text: str, value: Value, _world: World) -> bool:
    """Any part begins with it; the whole of a name or address does from any of its words on."""
    wanted = plain(text)
    if any(starts(part, wanted) for part in parts(value)):
        return True
    return value.type in PARTS and starts_at_a_word(whole(value), wanted)


def contains(text: str, value: Value, _world: World) -> bool:
    """Any part, or the whole, has it anywhere."""
    wanted = fold(plain(text)[:LETTERS])
    return any(wanted in fold(part[:LETTERS]) for part in (*parts(value), whole(value)))


def exactly(text: str, value: Value, _world: World) -> bool:
    """Any part is it, letter by letter; composed and decomposed are the same letters."""
    return composed(plain(text)) in [composed(part) for part in parts(value)]


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)[:LETTERS]


MODIFIERS = {"": starts_with, "contains": contains, "exact": exactly}


def order(value: Value, _world: World) -> str | None:
    """Sort by the whole text."""
    return fold(whole(value)[:LETTERS]) or None
