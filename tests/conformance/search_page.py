"""The page that says what came of trying every search parameter of R4.

`python -m tests.conformance.search_page` tries them and writes docs/search-parameters-r4.md.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fhir_server.main import definitions
from fhir_server.store import embedded
from tests.client import fresh, health
from tests.conformance.search_trial import CHECKS, PACKAGE, UNTRIED, Trial, run, types

PAGE = Path(__file__).parents[2] / "docs" / "search-parameters-r4.md"
HEAD = """# Every search parameter of R4, tried

Written by `make docs`, which opens a server with `FHIR_TEXT_SEARCH` on, stores official examples of
every resource type and asks for them. A test holds this page equal to what a run gives. For each
parameter of each type:

| check | what is asked |
|---|---|
| declared | the CapabilityStatement has the parameter, with its type |
| found | a value taken from a resource finds that resource |
| POST | so does the same search as a form to `_search` |
| not found | a value that no resource has finds nothing, with a 200 |
| missing | `:missing=true` and `:missing=false` share out all resources, each on its side |
| sort | `_sort` keeps every resource; composite and special parameters have no order, a 400 |

The values come from the official examples (`hl7.fhir.r4.examples` 4.0.1). Where no example has a
value, a small resource is made from the parameter's expression; such parameters have a `*`.
`_filter` is no value of a resource: it refuses `:missing`.
"""


def page(trials: list[Trial]) -> str:
    """Give the page, Markdown."""
    parts = [HEAD, *_counts(trials), *_faults(trials), *_untried(), *_lists(trials)]
    return "\n".join(parts) + "\n"


def _counts(trials: list[Trial]) -> Iterator[str]:
    by_example = sum(one.by_example for one in trials)
    yield f"{len(trials):,} parameters were tried on {len(types())} types, {by_example:,} of them"
    yield f"by an official example and {len(trials) - by_example:,} by a resource made for them.\n"
    yield from _table("kind", "parameters", *CHECKS)
    for kind in sorted({one.kind for one in trials}):
        yield _row(kind, *_passed([one for one in trials if one.kind == kind]))
    yield _row("all", *_passed(trials))
    yield ""


def _passed(trials: list[Trial]) -> list[str]:
    passed = [sum(check not in one.faults for one in trials) for check in CHECKS]
    return [f"{number:,}" for number in (len(trials), *passed)]


def _faults(trials: list[Trial]) -> Iterator[str]:
    yield "## What failed\n"
    wrong = [one for one in trials if one.faults]
    if not wrong:
        yield "Nothing.\n"
        return
    yield from _table("type", "parameter", "kind", "checks that failed")
    for one in wrong:
        yield _row(one.type, one.code, one.kind, ", ".join(one.faults))
    yield ""


def _untried() -> Iterator[str]:
    yield "## What is not tried\n"
    yield from _table("parameter", "why")
    for name, reason in UNTRIED.items():
        yield _row(f"`{name}`", reason)
    yield ""


def _lists(trials: list[Trial]) -> Iterator[str]:
    yield "## By type\n"
    shared = Counter(one.code for one in trials if one.code.startswith("_"))
    told = (f"`{code}` ({number} types)" for code, number in sorted(shared.items()))
    yield f"Parameters of all resources: {', '.join(told)}. Of its own a type has:\n"
    yield from _table("type", "passed", "parameters")
    for type_ in types():
        mine = [one for one in trials if one.type == type_]
        own = [one for one in mine if not one.code.startswith("_")]
        passed = sum(not one.faults for one in mine)
        yield _row(type_, f"{passed}/{len(mine)}", "; ".join(_by_kind(own)))


def _by_kind(trials: list[Trial]) -> Iterator[str]:
    for kind in sorted({one.kind for one in trials}):
        names = (f"{one.code}{'' if one.by_example else '*'}" for one in trials if one.kind == kind)
        yield f"{kind}: {', '.join(names)}"


def _table(*names: str) -> tuple[str, str]:
    return _row(*names), "|---" * len(names) + "|"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


async def tried(uri: str) -> list[Trial]:
    # What is searched need not be right: only well built.
    lenient = {"referential_integrity": False, "text_search": True, "validation": "structure"}
    async with fresh(uri) as store, health(store, definitions(), **lenient) as fhir:
        return await run(fhir)


def main() -> None:
    assert PACKAGE.exists(), "make conformance brings the examples"
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder) / "db") as uri:
        trials = asyncio.run(tried(uri))
    PAGE.write_text(page(trials), encoding="utf-8")
    failed = sum(bool(one.faults) for one in trials)
    print(f"{len(trials)} parameters tried, {failed} failed: {PAGE}")  # noqa: T201 (a program)


if __name__ == "__main__":
    main()
