"""A search as plain values: what the store is asked, and what the answer has to say.

https://hl7.org/fhir/R4/search.html
"""

import msgspec

from fhir_server.fhir.errors import Issue
from fhir_server.search.condition import Condition
from fhir_server.search.include import Include


class SortKey(msgspec.Struct, frozen=True):
    """One key of the order: a full path into the index document.

    An array sorts by its lowest element, descending by its highest; with `prefix` only those of its
    strings that begin so count. `single`: never an array. `nullable`: some documents lack the
    field; they stand last in both directions.
    """

    field: str
    descending: bool = False
    single: bool = True
    nullable: bool = True
    prefix: str = ""


BY_ID = SortKey("_id", nullable=False)


class SearchQuery(msgspec.Struct, frozen=True):
    """One parsed search on one type.

    `sort` always ends with `_id`, so the order is total. `count` 0 asks for the total only.
    `after` is the text of `_page`, read by `search/cursor`. `explain`: the answer tells how it was
    found. `applied` are the parameters used, in order, for the self link; `issues` warn of those
    that were left out. `includes`: what the matches bring along. `path` is where it
    was asked, relative to the base, which its links repeat and are signed for. `contained`: whether
    what is contained is searched; `contained_type`: how it is shown.
    """

    type: str
    condition: Condition
    sort: tuple[SortKey, ...] = (BY_ID,)
    count: int = 50
    total: str = "none"
    summary: str = "false"
    after: str | None = None
    explain: bool = False
    applied: tuple[tuple[str, str], ...] = ()
    includes: tuple[Include, ...] = ()
    issues: tuple[Issue, ...] = ()
    path: str = ""
    contained: str = "false"
    contained_type: str = "container"
