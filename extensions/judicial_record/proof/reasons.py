"""Why a certificate is not taken for good: every reason has a kind, and words in two languages."""

import json
from pathlib import Path
from typing import Literal

Kind = Literal["valid", "stale", "unknown", "not-valid"]
# From best to worst; a verdict is as bad as the worst of its reasons. What is wrong makes it not
# valid, what is missing unknown, what is old stale.
KINDS: tuple[Kind, ...] = ("valid", "stale", "unknown", "not-valid")

_TABLE = json.loads(Path(__file__).with_name("reasons.json").read_text("utf-8"))
REASONS: dict[str, dict[str, str]] = _TABLE["reasons"]
NAMES: dict[Kind, dict[str, str]] = _TABLE["kinds"]


class Doubt(Exception):
    """Something does not prove what it should; `reason` is a key of `REASONS`."""

    def __init__(self, reason: str) -> None:
        """Take a reason of the table; its English words are the message."""
        self.reason = reason
        super().__init__(REASONS[reason]["en"])


def worst(reasons: tuple[str, ...]) -> Kind:
    """Give the kind of a verdict that has these reasons; valid where there are none."""
    found = {REASONS[reason]["kind"] for reason in reasons}
    return next((kind for kind in reversed(KINDS) if kind in found), "valid")
