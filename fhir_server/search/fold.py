"""Folding: what a string search does not see — case, accents, punctuation, runs of spaces.

`Nguyễn Thị Bưởi`, composed or decomposed, and `nguyen thi buoi` fold to the same text.
https://hl7.org/fhir/R4/search.html#string
"""

import unicodedata

# Code points below this are remembered: all alphabets but those of China, Japan and Korea.
_OFTEN = 0x3000
_ASCII = "".join(chr(point).lower() if chr(point).isalnum() else " " for point in range(128))


def fold(text: str) -> str:
    """Fold a text; what has neither letter nor digit folds to the empty text."""
    if text.isascii():
        return text.lower() if text.isalnum() else " ".join(text.translate(_ASCII).split())
    return " ".join(text.translate(_FOLDED).split())


def suffixes(folded: str, limit: int) -> list[str]:
    """Give a folded text from each of its first `limit` words on: `a b c` → `a b c`, `b c`, `c`."""
    words = folded.split(" ")
    return [" ".join(words[start:]) for start in range(min(len(words), limit))]


class _Folded(dict[int, str]):
    """What becomes of a code point, found out when it is first met; of the rarer each time."""

    def __missing__(self, point: int) -> str:
        plain = unicodedata.normalize("NFD", unicodedata.normalize("NFD", chr(point)).casefold())
        folded = "".join(map(_letter, plain))
        return self.setdefault(point, folded) if point < _OFTEN else folded


def _letter(letter: str) -> str:
    """Give what is kept of a letter in small, taken apart.

    đ is a letter of its own to Unicode: it does not decompose. ð looks like it, and stands for it
    in texts that came through an old Western code page.
    """
    if letter in "đð":
        return "d"
    if unicodedata.combining(letter):
        return ""
    return letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else " "


_FOLDED = _Folded()
