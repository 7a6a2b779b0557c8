"""When may a conviction be expunged? An advisory for an officer, who decides; it changes no data.

Penal Code 2015 (amended 2017), Arts 69 to 73 and 107; the terms are rules of kind `expungement`.
A fact that is not known is asked for rather than guessed; only that the offender was an adult is
taken for granted, because for somebody younger the day comes earlier.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from extensions.judicial_record.law.conditions import Fact
from extensions.judicial_record.law.policy import Law, NoRuleError, Rule

Json = Mapping[str, Any]
Outcome = Literal["expunged", "no-record", "from", "unknown"]

# Penal Code: articles of Chapter XIII and of Chapter XXVI.
_CHAPTERS = (("XIII", 108, 122), ("XXVI", 421, 425))
_HARDEST = ("death", "life", "fixed-term", "non-custodial", "fine", "warning")
# Art. 70.2: these may move the day to their own end. The others are duties to be done with.
_LASTING = frozenset({"probation", "residence-ban", "position-ban", "civil-rights-loss"})
_ENDS = {
    "probation": "supervision-completion",
    "residence-ban": "residence-ban-completion",
    "position-ban": "position-ban-completion",
    "civil-rights-loss": "civil-rights-completion",
}
_SERVED = ("prison-completion", "non-custodial-completion", "probation-completion")
_DUTIES = "civil-completion"
_MONTHS = {"a": 12.0, "mo": 1.0, "wk": 7 / 30, "d": 1 / 30}
_NO_RECORD: Mapping[str, Mapping[str, Fact]] = {
    "unintentional": {"fault": "unintentional", "gravity": "serious"},
    "exempted": {"outcome": "exempted"},
}


@dataclass(frozen=True, slots=True)
class Advice:
    """`earliest` is the first day it may be so, by `basis`: automatic, court or juvenile.

    `outcome` from: it may be expunged from `earliest` on, if what is in `verify` is so; unknown:
    `missing` names the facts that are needed first; no-record: the law counts none. `rules` are the
    keys of the rules it follows from; `draft`: one of them is not verified.
    """

    outcome: Outcome
    earliest: date | None = None
    basis: str = ""
    missing: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    draft: bool = False


def advise(
    law: Law, conviction: Json, on: date, others: Sequence[Json] = (), **facts: Fact
) -> Advice:
    """Give what the law of a day says of a conviction (source record, with its papers).

    `others` are the person's other convictions; `facts` what an officer knows beside the record,
    by the names of rules.json, such as `offender="under-18"` or `chapter="other"`.
    """
    if "expungement" in conviction:
        return Advice("expunged", basis=str(conviction["expungement"].get("basis", "")))
    known = {"offender": "adult", "outcome": "punished", **_told(conviction), **facts}
    try:
        rule = law.rule("expungement", on, **known)
    except NoRuleError:
        return Advice("unknown", missing=tuple(_lacking(known)))
    found = Advice("unknown", rules=(rule.key,), draft=rule.status == "draft")
    if rule.unit == "answer":
        return replace(found, outcome="no-record")
    missing, served = tuple(_undone(conviction)), _served(conviction)
    if missing or served is None:
        return replace(found, missing=missing)
    earliest = max([_later(served, rule), *_ends(conviction, served)])
    if any(_newer(one, served, earliest) for one in others):
        return replace(found, missing=("completion of the newer judgment (Art. 73)",))
    basis, verify = _basis(known), ("no new crime since", "other duties of the judgment are done")
    return replace(found, outcome="from", earliest=earliest, basis=basis, verify=verify)


def _basis(known: Mapping[str, Fact]) -> str:
    if known["offender"] != "adult":
        return "juvenile"
    return "automatic" if known.get("chapter") == "other" else "court"


def _told(conviction: Json) -> dict[str, Fact]:
    """Give what the record tells of what rules ask."""
    found: dict[str, Fact] = dict(_NO_RECORD.get(str(conviction.get("noCriminalRecord")), {}))
    chapter = _chapter(conviction)
    if chapter:
        found["chapter"] = chapter
    hardest = _hardest(conviction)
    if hardest is not None:
        kind, penalty = hardest
        suspended = kind == "fixed-term" and penalty.get("suspended") is True
        found["penalty"] = "suspended" if suspended else kind
        months = _months(penalty.get("duration", {}))
        if months is not None:
            found["months"] = months
    return found


def _hardest(conviction: Json) -> tuple[str, Json] | None:
    kinds = {_code(one.get("type")): one for one in conviction.get("principalPenalty", ())}
    return next(((kind, kinds[kind]) for kind in _HARDEST if kind in kinds), None)


def _chapter(conviction: Json) -> str:
    """Give the chapter of the offences by the articles in their codes; empty where one has none."""
    articles = []
    for one in conviction.get("offence", ()):
        concepts = [one.get("code"), *one.get("provision", ())]
        codes = [_code(concept).partition(".")[0] for concept in concepts]
        numbers = [int(code) for code in codes if code.isdecimal()]
        if not numbers:
            return ""
        articles += numbers
    for name, first, last in _CHAPTERS:
        if any(first <= article <= last for article in articles):
            return name
    return "other" if articles else ""


def _lacking(known: Mapping[str, Fact]) -> Iterator[str]:
    """Give which facts have to be told before a rule can be found."""
    if "penalty" not in known:
        yield "principal penalty"
    if known.get("penalty") == "fixed-term" and "months" not in known:
        yield "length of the prison sentence"
    if known["offender"] == "adult" and "chapter" not in known:
        yield "chapter of the Penal Code"
    if known["offender"] == "under-18":
        yield from (name for name in ("gravity", "fault") if name not in known)


def _undone(conviction: Json) -> Iterator[str]:
    """Give what has to be done, and is not told to be: Art. 70.2."""
    if _served(conviction) is None:
        yield "day the principal penalty was served"
    settled = _paper(conviction, (_DUTIES,)) is not None
    for one in conviction.get("additionalPenalty", ()):
        kind = _code(one.get("type"))
        done = _paper(conviction, (_ENDS[kind],)) if kind in _LASTING else None
        told = kind in _LASTING and (done or _months(one.get("duration", {})) is not None)
        if not (told or (kind not in _LASTING and settled)):
            yield f"completion of the additional penalty: {kind}"
    if (conviction.get("civilObligation") or "courtFee" in conviction) and not settled:
        yield "civil obligations and court fee"


def _served(conviction: Json) -> date | None:
    if "completed" in conviction:
        return date.fromisoformat(conviction["completed"])
    return _paper(conviction, _SERVED)


def _paper(conviction: Json, kinds: Sequence[str]) -> date | None:
    """Give the last day of a paper of these kinds."""
    days = [
        date.fromisoformat(one["date"])
        for one in conviction.get("executionDecision", ())
        if _code(one.get("kind")) in kinds and "date" in one
    ]
    return max(days, default=None)


def _ends(conviction: Json, served: date) -> Iterator[date]:
    """Give when each additional penalty that lasts has ended, or will."""
    for one in conviction.get("additionalPenalty", ()):
        kind = _code(one.get("type"))
        if kind in _LASTING:
            done = _paper(conviction, (_ENDS[kind],))
            yield done or _plus(served, _months(one.get("duration", {})) or 0)


def _newer(other: Json, served: date, earliest: date) -> bool:
    return served < date.fromisoformat(other["judgmentDate"]) < earliest


def _later(served: date, rule: Rule) -> date:
    return _plus(served, rule.number * (12 if rule.unit == "year" else 1))


def _plus(day: date, months: float) -> date:
    """Give the day so many months on; a part of one counts as a whole."""
    whole = day.month - 1 + int(-(-months // 1))
    year, month = day.year + whole // 12, whole % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _months(duration: Json) -> float | None:
    unit = _MONTHS.get(str(duration.get("code")))
    value = duration.get("value")
    return value * unit if unit and isinstance(value, int) else None


def _code(concept: Any) -> str:
    coding = (concept or {}).get("coding") or [{}]
    return str(coding[0].get("code", ""))
