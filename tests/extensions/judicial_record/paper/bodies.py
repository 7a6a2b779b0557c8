"""Frozen bodies to print: a Form 1, a Form 2 with an expunged conviction; see samples/."""

import json
from copy import deepcopy
from pathlib import Path

LEGAL = "http://fhir.hl7.org.vn/legal"
_SAMPLES = Path(__file__).parent / "samples"
FORM_1, FORM_2 = (
    json.loads((_SAMPLES / f"{form}.json").read_text("utf-8")) for form in ("form-1", "form-2")
)
URL = FORM_1["verification"]["url"]
[CONVICTION] = FORM_2["conviction"]


def concept(system, code, **more):
    return {"coding": [{"system": f"{LEGAL}/CodeSystem/{system}", "code": code}], **more}


def form_1(**more):
    return deepcopy(FORM_1) | more


def form_2(*convictions, status="all-expunged", **more):
    given = {"conviction": deepcopy(list(convictions))} if convictions else {}
    return deepcopy(FORM_2) | {"convictionStatus": status} | given | more
