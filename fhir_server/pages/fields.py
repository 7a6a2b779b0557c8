"""A posted form and a query: bounded, strict, plain text.

https://url.spec.whatwg.org/#application/x-www-form-urlencoded
"""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qsl

from fhir_server.pages.refusals import Refused

_BYTES = 64 * 1024
_FIELDS = 500


class Fields:
    """The fields of a form or a query, in order."""

    def __init__(self, pairs: tuple[tuple[str, str], ...] = ()) -> None:
        """Take names and values, decoded."""
        self._pairs = pairs

    def one(self, name: str) -> str:
        """Give the value of a field, "" where there is none; Refused where it stands twice."""
        values = self.all(name)
        if len(values) > 1:
            raise Refused(400, "refused.form")
        return values[0] if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Give the values of a field that may stand several times, such as boxes ticked."""
        return tuple(self._values(name))

    def _values(self, name: str) -> Iterator[str]:
        return (value for key, value in self._pairs if key == name)


NOTHING = Fields()


def parsed(text: bytes) -> Fields:
    """Give the fields of a query or a body; Refused where it is not what a browser sends."""
    try:
        pairs = parse_qsl(
            text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS
        )
    except ValueError:
        raise Refused(400, "refused.form") from None
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        raise Refused(400, "refused.form")
    return Fields(tuple(pairs))


async def posted(content_type: str, body: AsyncIterator[bytes]) -> Fields:
    """Give the fields of a posted form; Refused where it is too large or no form."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Refused(415, "refused.form")
    read = bytearray()
    async for piece in body:
        read += piece
        if len(read) > _BYTES:
            raise Refused(413, "refused.form")
    return parsed(bytes(read))
