"""The entries of a Bundle, found by the references to them.

https://hl7.org/fhir/R4/bundle.html#references
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """The resources of a Bundle with their fullUrls, by what stands behind the last slash."""

    by_end: Mapping[str, list[tuple[str, Mapping[str, Any]]]]

    def find(self, text: str) -> Mapping[str, Any] | None:
        """Give the resource of the entry a reference names by its fullUrl, None without one.

        A relative reference also finds the entry whose fullUrl ends so.
        """
        for url, resource in self.by_end.get(_end(text), ()):
            if url == text or url.endswith(f"/{text}"):
                return resource
        return None


def entries_of(bundle: Mapping[str, Any]) -> Entries:
    """Give the entries of a Bundle that is built well."""
    by_end: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for entry in bundle.get("entry", ()):
        url, resource = entry.get("fullUrl", ""), entry.get("resource")
        if resource is not None:
            by_end.setdefault(_end(url), []).append((url, resource))
    return Entries(by_end)


def _end(url: str) -> str:
    return url.rpartition("/")[2]
