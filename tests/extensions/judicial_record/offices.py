"""An office for tests that need part of one: what is not told is not there."""

from dataclasses import MISSING, fields

from extensions.judicial_record.office import Office


def office(**told):
    """Give an office; using what a test did not give it fails."""
    needed = (
        one.name
        for one in fields(Office)
        if one.default is MISSING and one.default_factory is MISSING
    )
    return Office(**{**dict.fromkeys(needed), **told})
