"""Answers validation got from the store, kept by this process for a short while.

They are of definitions, which judge what everybody writes: they are the same for every caller.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any

from fhir_server.validation.questions import Question

SECONDS = 10.0
MOST = 20_000


class Answers:
    """The answers of the moment; the oldest make room for others."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        """Keep nothing yet; `now` gives seconds."""
        self._now = now
        self._kept: OrderedDict[Question, tuple[float, Any]] = OrderedDict()

    def of(self, found: Mapping[Question, Any]) -> Mapping[Question, Any]:
        """Give `found`, and behind it what was answered before and is fresh still."""
        return _Behind(self, found)

    def put(self, question: Question, answer: Any) -> None:
        """Keep an answer."""
        self._kept[question] = self._now() + SECONDS, answer
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def get(self, question: Question) -> tuple[Any] | None:
        """Give the answer in a tuple, None where there is none or it is old."""
        until, answer = self._kept.get(question, (0.0, None))
        if until > self._now():
            return (answer,)
        self._kept.pop(question, None)
        return None


class _Behind(Mapping[Question, Any]):
    """Answers found and answers kept as one mapping; it is asked, never walked through."""

    def __init__(self, answers: Answers, found: Mapping[Question, Any]) -> None:
        self._answers, self._found = answers, found

    def __getitem__(self, question: Question) -> Any:
        if question in self._found:
            return self._found[question]
        found = self._answers.get(question)
        if found is None:
            raise KeyError(question)
        return found[0]

    def __iter__(self) -> Iterator[Question]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
