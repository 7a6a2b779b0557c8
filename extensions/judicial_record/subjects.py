"""Whose data key seals a resource: its person's, so that forgetting the key forgets the person."""

from collections.abc import Callable, Mapping
from typing import Any

Resource = Mapping[str, Any]


def subject_of(type_: str, id_: str, resource: Resource) -> str:
    """Give a reference such as `Person/1`; "" for what is about nobody."""
    if type_ == "Person":
        return f"Person/{id_}"
    told = _WHERE[type_](resource) if type_ in _WHERE else ""
    return str(told or "")


def _reference(name: str) -> Callable[[Resource], Any]:
    return lambda resource: resource.get(name, {}).get("reference")


def _related(resource: Resource) -> Any:
    related = (one.get("reference", "") for one in resource.get("context", {}).get("related", ()))
    return next((one for one in related if one.startswith("Person/")), "")


def _of_task(resource: Resource) -> Any:
    """Give whose dossier it is, or whom a correction is about."""
    return _reference("for")(resource) or _reference("reasonReference")(resource)


_WHERE: Mapping[str, Callable[[Resource], Any]] = {
    "JudicialRecordCertificate": _reference("subject"),
    "Task": _of_task,
    "DocumentReference": _related,
    "Binary": _reference("securityContext"),
}
