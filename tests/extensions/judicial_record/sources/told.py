"""Rows to import: a judgment, a ban, a paper, all about one person."""

import copy
from datetime import date

TODAY = date(2026, 7, 15)
CODES = "http://fhir.hl7.org.vn/legal/CodeSystem"


def coded(system, code):
    return {"coding": [{"system": f"{CODES}/{system}", "code": code}]}


def document(number, kind="cccd"):
    return {"type": coded("identity-document-type", kind), "number": number}


PERSON = {
    "name": "NGUYỄN VĂN THỬ",
    "gender": "male",
    "birthDate": "1980-05-17",
    "identityDocument": [document("099080000001"), document("990000001", "cmnd")],
}
COURT = {"display": "Tòa án thử nghiệm"}
CONVICTION = {
    "judgmentNumber": "12/2019/HS-ST",
    "judgmentDate": "2019-03-04",
    "court": COURT,
    "offence": [{"text": "CANARY trộm cắp tài sản"}],
    "principalPenalty": [
        {
            "type": coded("principal-penalty", "fixed-term"),
            "duration": {"value": 24, "system": "http://unitsofmeasure.org", "code": "mo"},
        }
    ],
}
JUDGMENT = {"kind": "judgment", "subject": PERSON, "conviction": CONVICTION}
PROHIBITION = {
    "kind": "prohibition",
    "subject": PERSON,
    "prohibition": {
        "decisionNumber": "03/2020/QĐ-TBPS",
        "decisionDate": "2020-06-01",
        "court": COURT,
        "position": "CANARY giám đốc doanh nghiệp",
        "from": "2020-06-15",
    },
}
PAPER = {
    "kind": "paper",
    "subject": PERSON,
    "judgment": {
        "judgmentNumber": "12/2019/HS-ST",
        "judgmentDate": "2019-03-04",
        "court": COURT,
    },
    "paper": {
        "kind": coded("execution-paper", "prison-completion"),
        "number": "77/GCN",
        "date": "2021-03-04",
        "text": "CANARY đã chấp hành xong",
    },
}


def changed(row, paths):
    """Give a row with values at dotted paths set, or left out where None."""
    row = copy.deepcopy(row)
    for path, value in paths.items():
        *steps, last = path.split(".")
        here = row
        for step in steps:
            here = here[int(step)] if step.isdigit() else here[step]
        if value is None:
            del here[last]
        else:
            here[last] = value
    return row
