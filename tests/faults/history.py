"""What callers saw, checked afterwards: could one register per resource have answered so?

Each call has the moments it began and ended; an acknowledged one has the version it made or read.
A write whose answer was lost may have been done or not.
"""

from dataclasses import dataclass
from itertools import pairwise

WRITES = ("put", "patch", "delete")


@dataclass(frozen=True)
class Call:
    """One request about one resource, as its caller saw it."""

    began: float
    ended: float
    place: str
    kind: str  # put, patch, delete, read
    mark: str | None  # what a write writes, or a read has read; None for a deletion
    outcome: str  # done, refused, unknown
    version: int | None = None
    expected: int | None = None


@dataclass(frozen=True)
class Version:
    """One version in the history of a resource; `kept` is what a patch leaves alone."""

    number: int
    mark: str | None
    kept: str | None
    method: str


def faults(calls, versions):
    """Give a sentence for each fault of one resource; `versions` are its history, oldest first."""
    done = [call for call in calls if call.outcome == "done"]
    return [
        *_gaps(versions),
        *_unread(done, versions),
        *_contents(calls, versions),
        *_patched(versions),
        *_order(done),
        *_future(calls, done),
    ]


def _gaps(versions):
    numbers = [one.number for one in versions]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the versions are {numbers}"


def _unread(done, versions):
    """Every acknowledged call saw what stands in the history, and found what it expected."""
    marks = {one.number: one.mark for one in versions}
    for call in done:
        if call.version not in marks or marks[call.version] != call.mark:
            yield f"{call} is not what the history says: {marks.get(call.version)}"
        if call.expected is not None and call.version != call.expected + 1:
            yield f"{call} was done on another version than it expected"


def _contents(calls, versions):
    """Every version is exactly one write that was sent, and none that was refused."""
    sent = {call.mark: call for call in calls if call.kind in WRITES and call.mark}
    seen = set()
    for one in versions:
        if one.mark is None:
            if not any(call.kind == "delete" and call.outcome != "refused" for call in calls):
                yield f"{one} was deleted by nobody"
            continue
        call = sent.get(one.mark)
        if call is None or call.outcome == "refused":
            yield f"{one} was written by {call}"
        if one.mark in seen:
            yield f"{one} was written twice"
        seen.add(one.mark)


def _patched(versions):
    """A patch changes what stood there, and nothing is lost between."""
    for old, new in pairwise(versions):
        if new.method == "PATCH" and (old.mark is None or new.kept != old.kept):
            yield f"{new} is not {old}, patched"


def _order(done):
    """What was acknowledged before a call began is not undone in what it saw."""
    ended = sorted(done, key=lambda call: call.ended)
    at, latest = 0, None
    for call in sorted(done, key=lambda call: call.began):
        while at < len(ended) and ended[at].ended < call.began:
            if latest is None or ended[at].version > latest.version:
                latest = ended[at]
            at += 1
        if latest and call.version < latest.version + (call.kind in ("put", "patch")):
            yield f"{call} began after {latest} had ended"


def _future(calls, done):
    """Nobody reads what was not yet sent."""
    sent = {call.mark: call.began for call in calls if call.kind in WRITES and call.mark}
    for call in done:
        if call.kind == "read" and sent.get(call.mark, call.began) > call.ended:
            yield f"{call} read what was written later"
