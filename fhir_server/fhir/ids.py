"""Random ids. The system is asked for many at a time: a call for each is most of what one costs."""

import os

_BYTES, _AT_ONCE = 16, 64
_stock: list[str] = []
# A child would give the ids its parent gives.
os.register_at_fork(after_in_child=_stock.clear)


def digits() -> str:
    """Give 128 random bits, as 32 hexadecimal digits."""
    while True:
        try:
            return _stock.pop()
        except IndexError:
            many = os.urandom(_BYTES * _AT_ONCE).hex()
            _stock.extend(many[at : at + 2 * _BYTES] for at in range(0, len(many), 2 * _BYTES))


def uuid() -> str:
    """Give a random UUID: https://www.rfc-editor.org/rfc/rfc9562#section-5.4 ."""
    text = digits()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
