"""Packages made for a test."""

import io
import json
import tarfile

MANIFEST = {"name": "example.guide", "version": "1.2.0", "fhirVersions": ["4.0.1"]}
BASE = "http://example.org/StructureDefinition"


def profile(name="patient", base="http://hl7.org/fhir/StructureDefinition/Patient", **given):
    return {
        "resourceType": "StructureDefinition",
        "url": f"{BASE}/{name}",
        "name": name,
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": base,
        "derivation": "constraint",
        "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
    } | given


def value_set(name="v", **given):
    return {"resourceType": "ValueSet", "url": f"http://example.org/ValueSet/{name}", **given}


def tgz(path, *resources, manifest=MANIFEST, members=()):
    """Write a package: each resource in a file of its own, then whatever else."""
    files = [("package/package.json", json.dumps(manifest).encode())] if manifest else []
    files += [
        (f"package/{one['resourceType']}-{number}.json", json.dumps(one).encode())
        for number, one in enumerate(resources)
    ]
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
        for member, text in members:
            tar.addfile(member, io.BytesIO(text) if text is not None else None)
    return path


def member(name, text=b"{}", **given):
    """Give a member of a hostile archive; `given` are fields of its header."""
    info = tarfile.TarInfo(name)
    info.size = len(text) if text is not None else 0
    for key, value in given.items():
        setattr(info, key, value)
    return info, text
