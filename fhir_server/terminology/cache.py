"""Cache: definitions in the form they are asked in; the least recently used make room.

Large resources are judged in threads, which ask too.
"""

from collections import OrderedDict
from threading import Lock
from typing import TypeAlias

from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.concept_map import ConceptMap
from fhir_server.terminology.value_set import ValueSet

Definition: TypeAlias = CodeSystem | ValueSet | ConceptMap

# In memory a definition takes some four times its JSON.
CACHE_BYTES = 32 * 1024 * 1024


class Cache:
    """Definitions by type and name, each kept for one state of what it was made from."""

    def __init__(self, size: int = CACHE_BYTES) -> None:
        """Keep definitions made from at most `size` bytes of JSON."""
        self._size = size
        self._used = 0
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[object, int, Definition]] = OrderedDict()

    def get(self, key: tuple[str, str], state: object) -> Definition | None:
        """Give what was kept under the key for the same state."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != state:
                return None
            self._kept.move_to_end(key)
            return kept[2]

    def put(self, key: tuple[str, str], state: object, size: int, definition: Definition) -> None:
        """Keep a definition made from `size` bytes, in place of the state before."""
        with self._lock:
            replaced = self._kept.pop(key, None)
            self._used += size - (replaced[1] if replaced else 0)
            self._kept[key] = (state, size, definition)
            while self._used > self._size:
                _, (_, freed, _) = self._kept.popitem(last=False)
                self._used -= freed
