"""What a certificate costs, by the dated rules of the law: whole VND.

Circular 16/2025/TT-BTC; the amounts are in law/rules.json.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from extensions.judicial_record.dossier.application import Application
from extensions.judicial_record.law.policy import Law, Rule

CURRENCY = "VND"


def due(application: Application, law: Law, on: date) -> tuple[int, Sequence[Rule]]:
    """Give the amount and the rules it follows from."""
    who = {"applicant": application.facts["applicant"], "channel": application.channel}
    request = law.rule("fee", on, item="request", **who)
    more = application.copies - law.rule("fee", on, item="free-copies").number
    if more <= 0:
        return request.number, [request]
    copy = law.rule("fee", on, item="copy")
    return request.number + more * copy.number, [request, copy]


def money(amount: int) -> dict[str, Any]:
    """Give an amount as FHIR Money."""
    return {"value": amount, "currency": CURRENCY}
