"""What MongoDB says of a search: its stages, the indexes, how much it looked at; no value.

https://www.mongodb.com/docs/manual/reference/explain-results/
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.search.condition import Condition, both, is_open
from fhir_server.search.cursor import Step
from fhir_server.store.documents import check_key
from fhir_server.store.filters import checked, to_filter
from fhir_server.store.horizon import Database
from fhir_server.store.lookup import pipeline
from fhir_server.store.order import direction, ordered

# The winning plan is nested once for each stage; MongoDB's are a handful.
_DEEPEST = 50


async def explain(
    database: Database,
    allow: Condition,
    type_: str,
    condition: Condition,
    *,
    step: Step,
    limit: int,
) -> list[str]:
    """Run a page's first step and give, a line each, the stages and what they looked at."""
    check_key(type_)
    asked = both(condition, step.condition, checked(allow))
    order = ordered(step.sort, step.computed, step.rest)
    if step.computed or is_open(asked):
        found = pipeline(type_, asked, order)
        stages = [*found, {"$limit": limit}, {"$project": {"_id": 1}}]
        command: dict[str, Any] = {"aggregate": type_, "pipeline": stages, "cursor": {}}
    else:
        command = {
            "find": type_,
            "filter": to_filter(both(asked, step.rest)),
            "sort": {key.field: direction(key) for key in step.sort},
            "limit": limit,
        }
    answer = await database.command({"explain": command, "verbosity": "executionStats"})
    return list(_told(answer))


def _told(answer: Mapping[str, Any]) -> Iterator[str]:
    inner = next((one["$cursor"] for one in answer.get("stages", ()) if "$cursor" in one), answer)
    plan = inner.get("queryPlanner", {}).get("winningPlan", {})
    stages = list(_stages(plan.get("queryPlan", plan), 0))
    if inner is not answer:
        stages.insert(0, "then in the pipeline, sorted by computed values")
    yield f"MongoDB: {', '.join(stages[::-1]) or 'no stages told'}."
    stats = inner.get("executionStats", {})
    keys, documents, returned, ms = (
        int(stats.get(name, 0))
        for name in (
            "totalKeysExamined",
            "totalDocsExamined",
            "nReturned",
            "executionTimeMillis",
        )
    )
    yield f"{keys} keys and {documents} documents examined, {returned} returned, in {ms} ms."


def _stages(plan: Mapping[str, Any], depth: int) -> Iterator[str]:
    if depth > _DEEPEST or not plan:
        return
    keys = plan.get("keyPattern")
    yield f"{plan.get('stage', '?')}{_shown(keys) if keys else ''}"
    for inner in [plan.get("inputStage", {}), *plan.get("inputStages", ())]:
        yield from _stages(inner, depth + 1)


def _shown(keys: Mapping[str, Any]) -> str:
    shown = (f"-{field}" if way == -1 else field for field, way in keys.items())
    return f" ({' '.join(shown)})"
