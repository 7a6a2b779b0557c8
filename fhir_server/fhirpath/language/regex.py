r"""Regular expressions that cannot run for ever: all ways to match are followed at once.

A pattern becomes a program of tests, forks and marks; a text of n characters takes at most n times
its length in steps. Read are letters, classes, escapes, groups, `|`, counts, `^ $ \b`.
https://hl7.org/fhirpath/N1/#matchesregex-string-boolean
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from fhir_server.fhirpath.language.bounded import MAX_TRIED, Bounded, bounded, character
from fhir_server.fhirpath.language.environment import MAX_TEXT, Exceeded
from fhir_server.fhirpath.syntax import FhirPathError

MAX_PROGRAM = 2_000
MAX_PATTERN = 1_000
MAX_DEPTH = 30
# Characters `re` looks at while a program takes a step.
_QUICKER = 20

_TOKEN = re.compile(
    r"(?P<count>(?:[*+?]|\{(?P<low>\d{1,3})(?P<open>,(?P<high>\d{1,3})?)?\})(?P<lazy>\??))"
    r"|(?P<group>\((?:\?:|\?P?<(?P<name>[A-Za-z]\w*)>)?(?!\?))"
    r"|(?P<mark>[|)])|(?P<place>[\^$]|\\[bB])"
    r"|(?P<one>\[\^?\]?(?:\\.|[^\]\\])*\]|\\[^A-CE-RT-VX-Za-ce-rt-vx-z0-9]|\\[nrtf]"
    r"|\\u[0-9A-Fa-f]{4}|[^\\|()*+?\[^$])",
    re.DOTALL | re.ASCII,
)
_GROUP = re.compile(r"\\(.)|\$(?:(\d)|\{(\w+)\})", re.DOTALL)

_CHARACTER, _FORK, _JUMP, _MARK, _PLACE, _MATCH = range(6)
# What to do, and with what: a test, the two ways on, the way on, the number of a mark.
_Step: TypeAlias = tuple[int, Any, Any]
_Marks: TypeAlias = tuple[int, ...]
# Step → the marks of the thread that waits there for a character; None where none waits.
_Threads: TypeAlias = dict[int, _Marks | None]
# Takes from the budget.
_Spend: TypeAlias = Callable[[int], None]


def _start(_text: str, at: int) -> bool:
    return at == 0


def _end(text: str, at: int) -> bool:
    return at == len(text)


def _border(text: str, at: int) -> bool:
    def word(index: int) -> bool:
        return 0 <= index < len(text) and (text[index].isalnum() or text[index] == "_")

    return word(at - 1) != word(at)


_PLACES: dict[str, Callable[[str, int], bool]] = {
    "^": _start,
    "$": _end,
    "\\b": _border,
    "\\B": lambda text, at: not _border(text, at),
}


@dataclass(frozen=True, slots=True)
class Program:
    """A pattern made ready; `groups` are the numbers of its named groups.

    `quick` is the same for `re`, where that cannot run long.
    """

    steps: tuple[_Step, ...]
    marks: int
    groups: dict[str, int]
    quick: Bounded | None

    def matches(self, text: str, spend: _Spend) -> bool:
        """Say whether the pattern matches somewhere in a text."""
        if self.quick and (tried := self.quick.tried(text)) <= MAX_TRIED:
            # About as long as that many steps of a program take.
            spend(1 + tried // _QUICKER)
            return self.quick.pattern.search(text) is not None
        threads: _Threads = {}
        last = len(self.steps) - 1
        for at in range(len(text) + 1):
            self._follow(threads, 0, (), text, at)
            if last in threads:
                return True
            _, threads = self._advance(threads, text, at)
            spend(1 + len(threads))
        return False

    def search(self, text: str, at: int, spend: _Spend) -> _Marks | None:
        """Give where the first match and its groups begin and end; -1 for one that took no part."""
        threads: _Threads = {}
        best: _Marks | None = None
        while at <= len(text):
            if best is None:
                self._follow(threads, 0, (-1,) * self.marks, text, at)
            found, threads = self._advance(threads, text, at)
            spend(1 + len(threads))
            best = found or best
            if not threads and best is not None:
                break
            at += 1
        return best

    def _advance(self, threads: _Threads, text: str, at: int) -> tuple[_Marks | None, _Threads]:
        """Take a character with every thread; those behind one that matches have lost."""
        following: _Threads = {}
        for pc, marks in threads.items():
            if marks is None:
                continue
            what, test, _ = self.steps[pc]
            if what == _MATCH:
                return marks, following
            if at < len(text) and test(text[at]):
                self._follow(following, pc + 1, marks, text, at + 1)
        return None, following

    def _follow(self, threads: _Threads, pc: int, marks: _Marks, text: str, at: int) -> None:
        """Add the thread at `pc`, past all that takes no character; the better way first."""
        waiting = [(pc, marks)]
        while waiting:
            pc, marks = waiting.pop()
            if pc in threads:
                continue
            what, one, other = self.steps[pc]
            threads[pc] = marks if what in (_CHARACTER, _MATCH) else None
            if what == _FORK:
                waiting += [(other, marks), (one, marks)]
            elif what == _JUMP:
                waiting.append((one, marks))
            elif what == _MARK:
                marked = (*marks[:one], at, *marks[one + 1 :]) if marks else marks
                waiting.append((pc + 1, marked))
            elif what == _PLACE and one(text, at):
                waiting.append((pc + 1, marks))

    def replace(self, text: str, by: str, spend: _Spend) -> str:
        """Give the text with each match replaced; `$1` and `${name}` stand for groups."""
        pieces: list[str] = []
        at = size = 0
        while at <= len(text):
            marks = self.search(text, at, spend)
            if marks is None:
                break
            start, end = marks[0], marks[1]
            pieces += [text[at:start], self._filled(by, text, marks)]
            if end == start:
                pieces.append(text[end : end + 1])
            at = max(end, start + 1)
            size += sum(map(len, pieces[-3:]))
            if size > MAX_TEXT:
                raise Exceeded("replaceMatches() makes too long a string")
        return "".join(pieces) + text[at:]

    def _filled(self, by: str, text: str, marks: _Marks) -> str:
        def group(found: re.Match[str]) -> str:
            if found[1]:
                return found[1]
            number = int(found[2]) if found[2] else self.groups.get(found[3], -1)
            if not 0 <= number < len(marks) // 2:
                raise FhirPathError(f"the pattern has no group {found[0]!r}")
            start, end = marks[2 * number : 2 * number + 2]
            return text[start:end] if start >= 0 else ""

        return _GROUP.sub(group, by)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Program:
    """Give the program of a pattern; FhirPathError for what is not read."""
    if len(pattern) > MAX_PATTERN:
        raise _refused(pattern, "it is too long")
    reader = _Reader(pattern)
    tokens = reader.tokens[::-1]
    body = reader.either(0)
    if reader.tokens:
        raise _refused(pattern, "a bracket is closed that is not open")
    steps = [(_MARK, 0, None), *_moved(body, 1), (_MARK, 1, None), (_MATCH, None, None)]
    quick = bounded(tokens, len(steps))
    return Program(tuple(steps), 2 * (reader.count + 1), reader.groups, quick)


def _refused(pattern: str, why: str) -> FhirPathError:
    return FhirPathError(f"the regular expression {pattern[:64]!r} is not supported: {why}")


def _moved(steps: list[_Step], by: int) -> list[_Step]:
    """Give a part as it stands `by` steps further on."""
    return [
        (what, one + by, other + by)
        if what == _FORK
        else (what, one + by, None)
        if what == _JUMP
        else (what, one, other)
        for what, one, other in steps
    ]


class _Reader:
    """Reads a pattern; `tokens` are those still to come, the next one last."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.tokens: list[re.Match[str]] = []
        self.groups: dict[str, int] = {}
        self.count = 0
        at = 0
        while at < len(pattern):
            found = _TOKEN.match(pattern, at)
            if found is None:
                raise _refused(pattern, f"{pattern[at : at + 8]!r} is not understood")
            self.tokens.append(found)
            at = found.end()
        self.tokens.reverse()

    def either(self, depth: int) -> list[_Step]:
        """Read `a|b|c`."""
        if depth > MAX_DEPTH:
            raise _refused(self.pattern, "it is nested too deep")
        steps = self._sequence(depth)
        while self.tokens and self.tokens[-1]["mark"] == "|":
            self.tokens.pop()
            other = self._sequence(depth)
            size = len(steps)
            steps = self._sized(
                [
                    (_FORK, 1, size + 2),
                    *_moved(steps, 1),
                    (_JUMP, size + 2 + len(other), None),
                    *_moved(other, size + 2),
                ]
            )
        return steps

    def _sized(self, steps: list[_Step]) -> list[_Step]:
        if len(steps) > MAX_PROGRAM:
            raise _refused(self.pattern, "it is too long")
        return steps

    def _sequence(self, depth: int) -> list[_Step]:
        steps: list[_Step] = []
        while self.tokens and not self.tokens[-1]["mark"]:
            part = self._counted(self._single(depth))
            steps = self._sized([*steps, *_moved(part, len(steps))])
        return steps

    def _single(self, depth: int) -> list[_Step]:
        token = self.tokens.pop()
        if token["count"]:
            raise _refused(self.pattern, "a count stands behind nothing")
        if token["place"]:
            return [(_PLACE, _PLACES[token["place"]], None)]
        if token["one"]:
            return [(_CHARACTER, self._character(token["one"]), None)]
        number = 0
        if token["group"] != "(?:":
            self.count += 1
            number = self.count
            if token["name"]:
                self.groups[token["name"]] = number
        body = self.either(depth + 1)
        if not self.tokens or self.tokens.pop()["mark"] != ")":
            raise _refused(self.pattern, "a bracket is not closed")
        if not number:
            return body
        return [(_MARK, 2 * number, None), *_moved(body, 1), (_MARK, 2 * number + 1, None)]

    def _character(self, text: str) -> Callable[[str], Any]:
        if text == ".":
            return lambda _one: True
        if len(text) == 1:
            return lambda one: one == text
        try:
            return re.compile(character(text), re.DOTALL).match
        except re.error:
            raise _refused(self.pattern, f"{text[:32]!r} is not understood") from None

    def _counted(self, part: list[_Step]) -> list[_Step]:
        while self.tokens and self.tokens[-1]["count"]:
            token = self.tokens.pop()
            named = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(token["count"][0])
            low, high = named or self._bounds(token)
            part = self._times(part, low, high, lazy=bool(token["lazy"]))
        return part

    def _bounds(self, token: re.Match[str]) -> tuple[int, int | None]:
        low = int(token["low"])
        high = low if not token["open"] else int(token["high"]) if token["high"] else None
        if high is not None and high < low:
            raise _refused(self.pattern, "a count ends before it begins")
        return low, high

    def _times(self, part: list[_Step], low: int, high: int | None, *, lazy: bool) -> list[_Step]:
        size = len(part)
        if size * max(low, high or 1) > MAX_PROGRAM:
            raise _refused(self.pattern, "it is too long")
        steps: list[_Step] = []
        for _ in range(low):
            steps += _moved(part, len(steps))
        if high is None:
            start = len(steps)
            fork = (start + 1, start + size + 2)
            steps.append((_FORK, *(fork[::-1] if lazy else fork)))
            return [*steps, *_moved(part, start + 1), (_JUMP, start, None)]
        end = len(steps) + (high - low) * (size + 1)
        for _ in range(high - low):
            fork = (len(steps) + 1, end)
            steps.append((_FORK, *(fork[::-1] if lazy else fork)))
            steps += _moved(part, len(steps))
        return steps
