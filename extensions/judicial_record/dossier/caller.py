"""Whose dossier it is: who may see it, and as what."""

from typing import Any

from extensions.judicial_record.dossier.application import APPLICANT, name_of
from extensions.judicial_record.dossier.lifecycle import CLIENT as SYSTEM
from extensions.judicial_record.dossier.lifecycle import HOLDER, OFFICER
from extensions.judicial_record.dossier.task import CLIENT
from fhir_server.access.caller import Caller
from fhir_server.fhir.errors import Forbidden, NotFound


def applicant_role(caller: Caller) -> str:
    """Give holder or client for who may send an application; Forbidden for anybody else."""
    kind = caller.user.partition("/")[0]
    if kind == "Person":
        return HOLDER
    if not caller.user and caller.client:
        return SYSTEM
    raise Forbidden("Applications are sent by a person signed in, or by a system for one.")


def role(caller: Caller, task: dict[str, Any]) -> str:
    """Give holder, client or officer; NotFound for whoever has no business with the dossier."""
    kind = caller.user.partition("/")[0]
    if kind == "Person" and caller.user in _persons(task):
        return HOLDER
    if kind == "Practitioner" and _owner(task) in caller.organisations:
        return OFFICER
    if not caller.user and caller.client and caller.client == client(task):
        return SYSTEM
    raise unknown(task["id"])


def unknown(identity: str) -> NotFound:
    """Give the error for a dossier that is not there, for this caller."""
    return NotFound(f"Task/{identity} is not known.")


def client(task: dict[str, Any]) -> str:
    """Give the id of the client that sent the application, empty where a person did."""
    told = task.get("requester", {}).get("identifier", {})
    return str(told.get("value", "")) if told.get("system") == CLIENT else ""


def _persons(task: dict[str, Any]) -> set[str]:
    """Give the holder, and who applies for him."""
    told = {task.get("for", {}).get("reference", "")}
    applying = (one for one in task.get("input", ()) if name_of(one) == APPLICANT)
    return told | {one["valueReference"]["reference"] for one in applying}


def _owner(task: dict[str, Any]) -> str:
    return str(task.get("owner", {}).get("reference", "")).removeprefix("Organization/")
