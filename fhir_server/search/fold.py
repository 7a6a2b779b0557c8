"""Folding: what a string search does not see — case, accents, punctuation, runs of spaces.

`Nguyễn Thị Bưởi`, composed or decomposed, and `nguyen thi buoi` fold to the same text.
https://hl7.org/fhir/R4/search.html#string
"""

import re
import unicodedata

# đ is a letter of its own to Unicode: it does not decompose. ð looks like it, and stands for it in
# texts that came through an old Western code page.
_D = str.maketrans("đð", "dd")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+", re.ASCII)


def fold(text: str) -> str:
    """Fold a text; what has neither letter nor digit folds to the empty text."""
    if text.isascii():
        return _NOT_A_WORD.sub(" ", text.lower()).strip()
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    kept = (_letter(letter) for letter in plain.translate(_D) if not unicodedata.combining(letter))
    return " ".join("".join(kept).split())


def suffixes(folded: str, limit: int) -> list[str]:
    """Give a folded text from each of its first `limit` words on: `a b c` → `a b c`, `b c`, `c`."""
    words = folded.split(" ")
    return [" ".join(words[start:]) for start in range(min(len(words), limit))]


def _letter(letter: str) -> str:
    return letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else " "
