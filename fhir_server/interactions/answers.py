"""Answers validation got from the store, kept by this process for a short while.

What a caller may not see he must not learn from another's answer: each has his own.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any

from fhir_server.access.caller import Caller
from fhir_server.validation.questions import Question

SECONDS = 10.0
MOST = 20_000


class Answers:
    """The answers of all callers; the oldest make room for others."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        """Keep nothing yet; `now` gives seconds."""
        self._now = now
        self._kept: OrderedDict[tuple[Caller, Question], tuple[float, Any]] = OrderedDict()

    def of(self, caller: Caller, found: Mapping[Question, Any]) -> Mapping[Question, Any]:
        """Give `found`, and behind it what this caller was answered before and is fresh still."""
        return _Own(self, caller, found)

    def put(self, caller: Caller, question: Question, answer: Any) -> None:
        """Keep an answer."""
        self._kept[caller, question] = self._now() + SECONDS, answer
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def get(self, caller: Caller, question: Question) -> tuple[Any] | None:
        """Give the answer in a tuple, None where there is none or it is old."""
        until, answer = self._kept.get((caller, question), (0.0, None))
        if until > self._now():
            return (answer,)
        self._kept.pop((caller, question), None)
        return None


class _Own(Mapping[Question, Any]):
    """The answers of one caller as a mapping; it is asked, never walked through."""

    def __init__(self, answers: Answers, caller: Caller, found: Mapping[Question, Any]) -> None:
        self._answers, self._caller, self._found = answers, caller, found

    def __getitem__(self, question: Question) -> Any:
        if question in self._found:
            return self._found[question]
        found = self._answers.get(self._caller, question)
        if found is None:
            raise KeyError(question)
        return found[0]

    def __iter__(self) -> Iterator[Question]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
