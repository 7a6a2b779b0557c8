"""The dossier as a Task, and beside it the work: a Task of its own, part of it, for officers alone.

The dossier tells its holder the state; the work tells the officers of its owner how far they are.
The work has no `for` and no `requester` of the dossier's side, so that whoever reaches Tasks as
holder or client does not reach it. https://hl7.org/fhir/R4/task.html
"""

from collections.abc import Sequence
from typing import Any

from extensions.judicial_record.dossier.application import name_of, row
from extensions.judicial_record.dossier.lifecycle import STATES, published, step
from extensions.judicial_record.law.policy import Rule
from extensions.judicial_record.names import LEGAL
from fhir_server.fhir import dates

Json = dict[str, Any]

STATE, STEP = f"{LEGAL}/CodeSystem/dossier-state", f"{LEGAL}/CodeSystem/dossier-step"
KIND, REASON = f"{LEGAL}/CodeSystem/dossier-task", f"{LEGAL}/CodeSystem/dossier-reason"
CODE, NUMBER = f"{LEGAL}/sid/dossier-code", f"{LEGAL}/sid/application-number"
CLIENT, RULE = f"{LEGAL}/sid/client", f"{LEGAL}/rule"
ISSUE, WORK, CORRECTION = "issue-certificate", "work", "correct-certificate"
PAUSE, LANE, RECORD = "pause", "lane", "source-record"


def coded(system: str, code: str) -> Json:
    """Give a CodeableConcept."""
    return {"coding": [{"system": system, "code": code}]}


def code_of(concept: Json | None) -> str:
    """Give the code of a CodeableConcept, empty without one."""
    return str((concept or {}).get("coding", [{}])[0].get("code", ""))


def work_id(identity: str) -> str:
    """Give the id of the work of a dossier."""
    return f"work-{identity}"


def is_dossier(task: Json) -> bool:
    """Say whether a Task is a dossier."""
    return code_of(task.get("code")) == ISSUE


def state_of(task: Json, work: Json | None) -> str:
    """Give the state: `4/review` where the work is under way."""
    number = code_of(task.get("businessStatus"))
    return f"{number}/{code_of(work.get('businessStatus'))}" if number == "4" and work else number


def moved(task: Json, state: str, now: int, reason: Json | None = None) -> Json:
    """Give the dossier in another state, with the reason for it where there is one."""
    told = {name: value for name, value in task.items() if name != "statusReason"}
    return {
        **told,
        "status": STATES[state].status,
        **({"statusReason": reason} if reason else {}),
        "businessStatus": coded(STATE, published(state)),
        "lastModified": dates.instant(now),
    }


def worked(
    task: Json,
    work: Json | None,
    state: str,
    now: int,
    *,
    officer: str = "",
    more: Json | None = None,
) -> Json:
    """Give the work at the step of `state`, or ended; `more` is put in place of what it had."""
    before = work or {}
    at = step(state)
    told: Json = {
        "resourceType": "Task",
        "partOf": [{"reference": f"Task/{task['id']}"}],
        "status": "in-progress" if at else STATES[state].status,
        "businessStatus": coded(STEP, at or "ended"),
        "intent": "order",
        "code": coded(KIND, WORK),
        "authoredOn": before.get("authoredOn", dates.instant(now)),
        "lastModified": dates.instant(now),
        "requester": {"reference": officer} if officer else before.get("requester"),
        "owner": task["owner"],
        "restriction": before.get("restriction"),
        "instantiatesUri": before.get("instantiatesUri"),
        "output": before.get("output"),
        **(more or {}),
    }
    return {name: value for name, value in told.items() if value}


def given(task: Json, name: str, rows: Sequence[Json]) -> Json:
    """Give the Task with more rows of input or output."""
    return {**task, name: [*task.get(name, ()), *rows]} if rows else task


def put(task: Json, name: str, property_: str, value: Any) -> Json:
    """Give the Task with one more row of input."""
    return given(task, "input", [row(name, property_, value)])


def value_of(task: Json, name: str, property_: str, where: str = "input") -> Any:
    """Give the last value of this name among the Task's inputs or outputs; None without one."""
    found = [one.get(property_) for one in task.get(where, ()) if name_of(one) == name]
    return found[-1] if found else None


def started(task: Json) -> int | None:
    """Give when the term began, in µs; None before the dossier was accepted."""
    start = task.get("restriction", {}).get("period", {}).get("start")
    return dates.parse_instant(start) if start else None


def paused(task: Json, now: int) -> Json:
    """Give the Task with a pause that begins, where the term has begun."""
    if started(task) is None:
        return task
    return put(task, PAUSE, "valuePeriod", {"start": dates.instant(now)})


def resumed(task: Json, now: int) -> Json:
    """Give the Task with its open pause ended."""
    rows = [
        {**one, "valuePeriod": {**one["valuePeriod"], "end": dates.instant(now)}}
        if name_of(one) == PAUSE and "end" not in one["valuePeriod"]
        else one
        for one in task.get("input", ())
    ]
    return {**task, "input": rows}


def pauses(task: Json) -> list[tuple[int, int]]:
    """Give the pauses that are over, each as (from, to) in µs."""
    periods = [one["valuePeriod"] for one in task.get("input", ()) if name_of(one) == PAUSE]
    return [
        (dates.parse_instant(one["start"]), dates.parse_instant(one["end"]))
        for one in periods
        if "end" in one
    ]


def termed(task: Json, start: int, end: int, rule: Rule) -> Json:
    """Give the Task with its term, and the rule of law it follows from."""
    return {**task, **term(start, end, rule)}


def term(start: int, end: int, rule: Rule) -> Json:
    """Give the elements of a Task that say its term."""
    return {
        "restriction": {"period": {"start": dates.instant(start), "end": dates.instant(end)}},
        "instantiatesUri": f"{RULE}/{rule.key}",
    }
