"""The citizens a demonstration shows, and the one whose book is worth opening."""

from mappings.synthetic.plan import Citizen, plan

SEED = 4750
CITIZENS = 25


def citizen_id() -> str:
    """Give the 12-digit number of the citizen of the demonstration with the fullest book."""
    citizens = (plan(SEED, number) for number in range(CITIZENS))
    return max(citizens, key=_fullness).person.citizen_id


def _fullness(citizen: Citizen) -> tuple[bool, int, int]:
    visits = citizen.visits
    kinds = (
        any(visit.admitted for visit in visits),
        any(visit.referred_to for visit in visits),
        any(visit.follow_up for visit in visits),
        len({visit.occasion.facility for visit in visits}) > 1,
        any(visit.occasion.others for visit in visits),
    )
    return bool(citizen.person.citizen_id), sum(kinds), len(visits)
