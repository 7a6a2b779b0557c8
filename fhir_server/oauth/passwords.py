"""Passwords and client secrets: argon2id hashes, and what a new password must be.

https://www.rfc-editor.org/rfc/rfc9106
https://pages.nist.gov/800-63-4/sp800-63b.html
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fhir_server.fhir.errors import Unavailable

SHORTEST, LONGEST_BYTES = 12, 256
DIFFERENT_CHARACTERS = 5
_NAME_THAT_TELLS = 4

# The second recommended option of RFC 9106 section 4: 64 MiB, 3 passes, 4 lanes.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
# However many sign in at once, a process takes no more than 256 MiB for it.
_AT_ONCE = BoundedSemaphore(4)
_PATIENCE = 2.0
# Of a password nobody has: it costs as much to compare as anybody's.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$zIpgkHX+Si2W7LgwrUKLkw$"
    "h8WqzulGT15++7fpS+K72uM99aA/HVs0Iqpe39WbcyA"
)
_COMMON = Path(__file__).with_name("common_passwords.txt")


def hashed(text: str) -> str:
    """Give the hash to keep; ValueError for a text over 256 bytes, else as `holds`."""
    sent = _normal(text)
    if sent is None:
        raise ValueError(f"A password has at most {LONGEST_BYTES} bytes of UTF-8.")
    with _turn():
        return _HASHER.hash(sent)


def holds(kept: str, text: str) -> bool:
    """Say whether `text` is what was hashed; False for a hash that cannot be read, too.

    Raises Unavailable where too many ask at once.
    """
    sent = _normal(text)
    try:
        with _turn():
            return _HASHER.verify(kept, sent or b"") and sent is not None
    except (VerificationError, InvalidHashError):
        return False


def dummy() -> None:
    """Take the time of `holds`: for a name nobody has."""
    holds(_NOBODY, "")


def outdated(kept: str) -> bool:
    """Say whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def check(password: str, username: str) -> None:
    """Raise ValueError, with what to do, for a password too easy to guess.

    What counts is length and that nobody else has it; no mixture of kinds is asked for, as section
    3.1.1.2 of NIST SP 800-63B says.
    """
    sent = _normal(password)
    text = unicodedata.normalize("NFKC", password).casefold()
    if sent is None:
        raise ValueError(f"The password is over {LONGEST_BYTES} bytes; take a shorter one.")
    if len(text) < SHORTEST:
        raise ValueError(f"The password needs {SHORTEST} characters; four odd words do well.")
    if len(set(text)) < DIFFERENT_CHARACTERS or text in _COMMON.read_text("utf-8").split():
        raise ValueError("The password is one many people have; take another.")
    if len(username) >= _NAME_THAT_TELLS and username in text:
        raise ValueError("The password has the user's name in it; take another.")


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a turn; Unavailable where so many sign in that threads would be missed elsewhere."""
    if not _AT_ONCE.acquire(timeout=_PATIENCE):
        raise Unavailable("Too many sign in at this moment. Try again shortly.")
    try:
        yield
    finally:
        _AT_ONCE.release()


def _normal(text: str) -> bytes | None:
    """Give the bytes that are hashed: the same however a keyboard composes letters."""
    if len(text) > LONGEST_BYTES:
        return None
    try:
        sent = unicodedata.normalize("NFKC", text).encode()
    except UnicodeEncodeError:
        return None
    return sent if len(sent) <= LONGEST_BYTES else None
