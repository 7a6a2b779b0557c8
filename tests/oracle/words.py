r"""Texts: taken apart at separators, and folded to what a string search sees of them.

https://hl7.org/fhir/R4/search.html#escaping and https://hl7.org/fhir/R4/search.html#string
"""

import unicodedata

# A longer text is found by its beginning only: its first letters, and words up to this one.
LETTERS = 256
WORDS = 16


def split(text: str, separator: str, most: int = 1_000) -> list[str]:
    r"""Take a text apart at each separator without a backslash before it; escapes stay."""
    parts = [""]
    place = 0
    while place < len(text):
        if text[place] == "\\" and place + 1 < len(text):
            parts[-1] += text[place : place + 2]
            place += 2
            continue
        if text[place] == separator and len(parts) < most:
            parts.append("")
        else:
            parts[-1] += text[place]
        place += 1
    return parts


def plain(text: str) -> str:
    r"""Give the text meant: `\,` is a comma, `\|` a bar, `\$` a dollar, `\\` a backslash."""
    found = ""
    place = 0
    while place < len(text):
        escaped = text[place] == "\\" and text[place + 1 : place + 2] in (",", "|", "$", "\\")
        place += 1 if escaped and place + 1 < len(text) else 0
        found += text[place]
        place += 1
    return found


def escaped(text: str) -> str:
    """Write a text so that none of its letters separates: what `plain` undoes."""
    for letter in ("\\", ",", "|", "$"):
        text = text.replace(letter, "\\" + letter)
    return text


def fold(text: str) -> str:
    """Give lower-case words without accents, one space between them; punctuation separates."""
    letters = ""
    for letter in unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold()):
        if unicodedata.combining(letter):
            continue
        word = letter.isalnum() or unicodedata.category(letter).startswith("M")
        letters += letter if word else " "
    return " ".join(letters.replace("đ", "d").replace("ð", "d").split())


def starts(text: str, wanted: str) -> bool:
    """Say whether a text begins with another, both folded."""
    return fold(text[:LETTERS]).startswith(fold(wanted[:LETTERS]))


def starts_at_a_word(text: str, wanted: str) -> bool:
    """Say whether another text stands in this one from the beginning of a word on."""
    words = fold(text[:LETTERS]).split(" ")
    asked = fold(wanted[:LETTERS])
    return any(" ".join(words[place:]).startswith(asked) for place in range(min(len(words), WORDS)))
