"""Who may apply: of age, for himself or with a right to, and Form 2 for nobody else.

Law 107/2025/QH15; Law 28/2009/QH12 Arts 7, 45, 46. The ages are rules of law, not numbers here.
"""

from collections.abc import Iterator
from datetime import date

from extensions.judicial_record.dossier.application import Application
from extensions.judicial_record.law.policy import Law
from fhir_server.fhir.errors import Issue, Unprocessable

# https://thuvienphapluat.vn/ Civil Code 2015 Art. 20: of age at eighteen.
ADULT = 18
_CLOSE = ("parent", "spouse", "child")
_NAMED = "Parameters.parameter.where(name='{}')"


def years(birth: date, on: date) -> int:
    """Give the age in whole years."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def admitted(application: Application, law: Law, on: date) -> None:
    """Raise Unprocessable where the law lets nobody apply like this on that day."""
    issues = [*_age(application, law, on), *_agent(application, law, on), *_purpose(application)]
    if issues:
        raise Unprocessable(issues=issues)


def _age(application: Application, law: Law, on: date) -> Iterator[Issue]:
    least = law.rule("age", on).number
    if years(date.fromisoformat(application.one("birth-date")), on) < least:
        told = f"The holder has to be {least} years old."
        yield _issue("birth-date", told)


def _agent(application: Application, law: Law, on: date) -> Iterator[Issue]:
    role = application.one("agent-role")
    if role is None:
        return
    minor = years(date.fromisoformat(application.one("birth-date")), on) < ADULT
    if role == "parent" and not minor:
        yield _issue("agent-role", "A parent stands for a minor alone; an adult authorises.")
    may = law.rule("access", on, form=application.form, by=application.by).value
    if may != "allowed":
        yield _issue("agent-role", "Nobody can apply for this form in another's name.")
    elif role == "authorised" and application.one("agent-relationship") not in _CLOSE:
        yield from _letter(application, on)
    elif role == "guardian" and not application.all("authority"):
        yield _issue("authority", "A guardian shows the paper that appoints him; attach it.")


def _letter(application: Application, on: date) -> Iterator[Issue]:
    if not application.all("authority"):
        yield _issue("authority", "Attach the authorisation; only close family needs none.")
    period = application.one("authorised")
    if period is None:
        yield _issue("authorised", "Say since when the authorisation holds.")
        return
    day = on.isoformat()
    if period.get("start", day)[: len(day)] > day or period.get("end", day)[: len(day)] < day:
        yield _issue("authorised", "The authorisation does not hold today; renew it.")


def _purpose(application: Application) -> Iterator[Issue]:
    if application.one("purpose") == "other" and not application.one("purpose-text"):
        yield _issue("purpose-text", "Say the purpose in words.")


def _issue(name: str, told: str) -> Issue:
    return Issue("business-rule", told, _NAMED.format(name))
