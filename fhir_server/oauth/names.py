"""Names of clients: what people are shown, so nothing that hides or imitates.

https://www.unicode.org/reports/tr39/
"""

import re
import unicodedata

LONGEST = 64
# Letters are those of Vietnamese and English: what looks like another letter is no other letter.
_ASCII = re.compile(r"[A-Za-z0-9 .,:+&/()'_-]*[A-Za-z0-9][A-Za-z0-9 .,:+&/()'_-]*")
_LOOKS_LIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b"})


def checked(name: object) -> str:
    """Give a client's name as it is kept and shown; ValueError for what should not be shown."""
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST:
        raise ValueError(f"client_name is a text of 1 to {LONGEST} characters.")
    text = unicodedata.normalize("NFKC", name).strip()
    letters = unicodedata.normalize("NFC", text)
    # A mark that no letter takes, or a second one, is still there by itself.
    alone = any(unicodedata.combining(one) for one in letters)
    if len(text) > LONGEST or alone or "  " in text or not _ASCII.fullmatch(_plain(text)):
        raise ValueError(
            "client_name is written with Vietnamese or English letters, digits and simple "
            "punctuation; nothing invisible, no other alphabet."
        )
    return text


def key(name: str) -> str:
    """Give what two names share that a person could take for each other."""
    folded = "".join(one for one in _plain(name).casefold() if one.isalnum())
    return folded.translate(_LOOKS_LIKE).replace("rn", "m").replace("vv", "w")


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    return "".join(one for one in split if not unicodedata.combining(one))
