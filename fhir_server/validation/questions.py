"""Questions: what a validation asks that is not at hand, and the answers found so far.

Validation is pure: where it needs a profile, a code or a resource that only the store or another
server has, it asks, goes on without, and is run again when the answers are there.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

# ("profile", canonical) → StructureDefinition; ("member", value set, system, code) → bool;
# ("resolve", reference) → resource; None answers that nobody can tell.
Question: TypeAlias = tuple[str, ...]


class Questions(msgspec.Struct):
    """`answers` are known; what was asked beyond them is `open`."""

    answers: Mapping[Question, Any] = msgspec.field(default_factory=dict)
    open: set[Question] = msgspec.field(default_factory=set)

    def ask(self, *question: str) -> Any:
        """Give the answer, None where there is none (yet)."""
        if question not in self.answers:
            self.open.add(question)
            return None
        return self.answers[question]
