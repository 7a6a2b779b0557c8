"""Why a dossier is refused or stopped: the codes of CodeSystem dossier-reason.

Law 28/2009/QH12 Art. 49 lists the reasons to refuse.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[1] / "definitions/CodeSystem-dossier-reason.json"


@cache
def codes(operation: str) -> tuple[str, ...]:
    """Give the codes an operation takes."""
    concepts: list[dict[str, Any]] = json.loads(_FILE.read_bytes())["concept"]
    return tuple(
        one["code"]
        for one in concepts
        if any(told.get("valueCode") == operation for told in one["property"])
    )
