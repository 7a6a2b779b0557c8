"""Certificates for tests: a whole form No. 1 and form No. 2, and what the validator says of one."""

import copy
from pathlib import Path

from fhir_server.fhir.json import parse
from fhir_server.interactions.judging import definitions
from fhir_server.spec.spec import load
from fhir_server.validation.questions import Questions
from fhir_server.validation.validator import issues

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "extensions" / "judicial_record" / "definitions"
LEGAL = "http://fhir.hl7.org.vn/legal"
TYPE = "JudicialRecordCertificate"
SPEC = load([FOLDER])
THE_TYPE = parse((FOLDER / f"StructureDefinition-{TYPE}.json").read_bytes())
ELEMENTS = THE_TYPE["differential"]["element"]


def said(resource, severity="error"):
    """Give (location, issue code, sentence) of what the validator says of a resource."""
    found = issues(definitions(SPEC), resource, (), Questions({}), None)
    return [
        (one.expression, one.code, one.diagnostics) for one in found if one.severity == severity
    ]


def coded(name, code):
    return {"coding": [{"system": f"{LEGAL}/CodeSystem/{name}", "code": code}]}


def months(number):
    return {
        "value": number,
        "unit": "tháng",
        "system": "http://unitsofmeasure.org",
        "code": "mo",
    }


PENALTIES = {
    "offence": [{"text": "Trộm cắp tài sản"}],
    "principalPenalty": [
        {
            "type": coded("principal-penalty", "fixed-term"),
            "duration": months(18),
            "suspended": True,
            "probation": months(36),
        }
    ],
    "additionalPenalty": [
        {
            "type": coded("additional-penalty", "fine"),
            "amount": {"value": 5000000, "currency": "VND"},
        }
    ],
}
CONVICTION = {
    **PENALTIES,
    "judgmentNumber": "12/2019/HS-ST",
    "judgmentDate": "2019-05-06",
    "court": {"reference": "Organization/court-99", "display": "Toà án thử nghiệm"},
    "instance": "first-instance",
    "judicialMeasure": [coded("judicial-measure", "restitution")],
    "civilObligation": [
        {"text": "Bồi thường", "amount": {"value": 20000000, "currency": "VND"}},
    ],
    "courtFee": {"value": 200000, "currency": "VND"},
    "servingFrom": "2019-06-10",
    "executionStatus": coded("execution-status", "completed"),
    "completed": "2022-06-10",
    "executionDecision": [
        {
            "kind": coded("execution-paper", "probation-completion"),
            "number": "3/2022/GCN",
            "date": "2022-06-12",
            "issuer": "Cơ quan thi hành án hình sự thử nghiệm",
        }
    ],
}
EXPUNGEMENT = {"basis": "automatic", "date": "2023-06-10", "verifiedOn": "2026-08-01"}
FAMILY = [
    {"role": "father", "name": "NGUYỄN VĂN MẪU", "birthYear": 1960},
    {"role": "mother", "name": "TRẦN THỊ MẪU", "birthYear": 1962},
]
PROHIBITION = {"position": "Giám đốc doanh nghiệp", "from": "2025-01-01", "until": "2028-01-01"}
SUBJECT = {
    "name": "NGUYỄN VĂN THỬ",
    "gender": "male",
    "birthDate": "1990-02-03",
    "birthPlace": {"country": "VN"},
    "nationality": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": "VN"}]}],
    "identityDocument": [
        {"type": coded("identity-document-type", "cccd"), "number": "099090000001"}
    ],
    "permanentAddress": {"text": "Xã Thử, tỉnh Mẫu"},
}
ISSUED = {
    "status": "issued",
    "issued": "2026-08-03T09:00:00+07:00",
    "issuer": {"reference": "Organization/issuer-99"},
    "signedBy": {"name": "TRẦN THỊ MẪU", "title": "Giám đốc"},
    "signature": [
        {
            "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
            "when": "2026-08-03T09:00:00+07:00",
            "who": {"reference": "Organization/issuer-99"},
            "sigFormat": "application/jose",
            "data": "eyJ4Ijp9",
        }
    ],
    "verification": {
        "code": "abcdefghijklmnopqrstuv",
        "statusList": "https://fhir-server.example/legal/status-lists/1",
        "statusIndex": 77,
        "documentHash": "3q2+7w==",
    },
}


def certificate(**elements):
    """Give an issued form No. 1 of a person without a criminal record, with these elements."""
    return copy.deepcopy(
        {
            "resourceType": TYPE,
            "resourceDefinition": f"{LEGAL}/StructureDefinition/{TYPE}|1.0.0",
            "identifier": [
                {
                    "type": coded("certificate-identifier-type", "certificate-number"),
                    "system": f"{LEGAL}/sid/certificate-number",
                    "value": "12/2026/LLTP-99",
                }
            ],
            "form": "form-1",
            "jurisdictionRule": f"{LEGAL}/Library/judicial-records-2025|1",
            "subject": {"reference": "Person/p1"},
            "subjectSnapshot": SUBJECT,
            "requester": {"reference": "Person/p1"},
            "requesterKind": "individual",
            "purpose": coded("purpose", "employment"),
            "prohibitionInfoRequested": False,
            "dataAsOf": "2026-08-03T08:00:00+07:00",
            "convictionStatus": "none",
            "prohibitionStatus": "not-requested",
            **ISSUED,
            **elements,
        }
    )


def form_2(**elements):
    """Give an issued form No. 2 of a person with a criminal record, with these elements."""
    return certificate(
        **{
            "form": "form-2",
            "subjectSnapshot": {**SUBJECT, "family": FAMILY},
            "convictionStatus": "present",
            "conviction": [CONVICTION],
            "prohibitionStatus": "none",
            **elements,
        }
    )


def without(resource, *names):
    """Give the resource without these elements."""
    return {key: value for key, value in resource.items() if key not in names}
