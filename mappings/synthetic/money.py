"""Who pays what: a price shared between the insurance fund and the patient, in whole dong.

Decision 4750/QĐ-BYT: T_BHTT by the fund, T_BNCCT the patient's part inside what the card covers,
T_BNTT what lies outside. The three add up to the amount, so every sum of them does.
"""

from dataclasses import dataclass

# Third character of a card: the share the fund pays, percent (Decree 188/2025/NĐ-CP).
_BENEFIT = {"1": 100, "2": 100, "3": 95, "4": 80, "5": 100}
_LEVEL = 2
EVERYTHING = 100


@dataclass(frozen=True, slots=True)
class Share:
    """One amount: `covered` is inside the insurance's scope; fund + patient + outside = amount."""

    amount: int
    covered: int
    fund: int
    patient: int
    outside: int


def level(cards: tuple[str, ...]) -> int | None:
    """Give the percentage the fund pays, None for who is not insured."""
    return _BENEFIT[cards[0][_LEVEL]] if cards else None


def share(amount: int, percent: int | None) -> Share:
    """Share an amount in dong."""
    if percent is None:
        return Share(amount, 0, 0, 0, amount)
    fund = amount * percent // EVERYTHING
    return Share(amount, amount, fund, amount - fund, 0)


def total(shares: list[Share]) -> Share:
    """Add shares up."""
    return Share(
        sum(one.amount for one in shares),
        sum(one.covered for one in shares),
        sum(one.fund for one in shares),
        sum(one.patient for one in shares),
        sum(one.outside for one in shares),
    )
