"""What a facility's client may change: what its own submissions made, and nothing else."""

from fhir_server.access.caller import Caller
from fhir_server.search.condition import AnyOf, Condition, Everything
from fhir_server.store.owner import FIELD


def owners(caller: Caller) -> frozenset[str] | None:
    """Give the facilities whose resources this caller may change; None for anybody's.

    A client that acts for a user has the user's rights, which are not about facilities.
    """
    return (not caller.user and caller.facilities) or None


def own(caller: Caller) -> Condition:
    """Give the Condition that holds for what this caller may change."""
    codes = owners(caller)
    return Everything() if codes is None else AnyOf(FIELD, tuple(sorted(codes)))
