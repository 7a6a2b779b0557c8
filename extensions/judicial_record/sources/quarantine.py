"""Rows that were refused: kept sealed, with the reasons, until they are sent well made.

`source_quarantine`: `_id` a digest of the row's bytes, `reasons`, `at` (µs), `body` sealed.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extensions.judicial_record.office import Office
from extensions.judicial_record.sources.problems import Problem
from extensions.judicial_record.sources.rows import Row
from fhir_server.fhir import json

KIND = "source_quarantine"
KINDS: dict[str, tuple[str, ...]] = {KIND: ()}
# Of nobody in particular: who a refused row is about is not known for sure.
_SUBJECT = KIND


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was refused, where it stood, and why; `raw` can be imported again as a file."""

    file: str
    line: int
    raw: bytes
    problems: tuple[Problem, ...]

    def told(self) -> dict[str, Any]:
        """Give it as JSON; a byte of `raw` that is no UTF-8 is an escape with its two digits."""
        problems = [{"reason": one.reason, "where": one.where} for one in self.problems]
        raw = self.raw.decode(errors="backslashreplace")
        return {"file": self.file, "line": self.line, "problems": problems, "raw": raw}


def refuse(office: Office, file: str, row: Row, problems: Sequence[Problem]) -> None:
    """Keep a row that is refused; the same row again changes nothing."""
    id_ = _id(office, row)
    body = {
        "file": file,
        "line": row.line,
        "raw": b64encode(row.raw).decode(),
        "problems": [[one.reason, one.where] for one in problems],
    }
    sealed = office.encryption.shut(_SUBJECT, f"{KIND}/{id_}", json.dump(body))
    reasons = sorted({one.reason for one in problems})
    office.records.insert(
        KIND, {"_id": id_, "reasons": reasons, "at": office.clock(), "body": sealed}
    )


def accept(office: Office, row: Row) -> None:
    """Let go of a row that was refused once and is kept now: a paper whose judgment came later."""
    office.records.remove(KIND, {"_id": _id(office, row)})


def refused(office: Office, most: int = 1000) -> Iterator[Refused]:
    """Give the rows in quarantine, at most so many, for who corrects them."""
    for row in office.records.find(KIND, {}, most):
        sealed = office.encryption.open(_SUBJECT, f"{KIND}/{row['_id']}", row["body"])
        body = json.parse_object(sealed)
        problems = tuple(Problem(*one) for one in body["problems"])
        yield Refused(body["file"], body["line"], b64decode(body["raw"]), problems)


def _id(office: Office, row: Row) -> str:
    return office.encryption.blind("source-row", b64encode(row.raw).decode())
