"""Resources that are well made, and that are not."""

NARRATIVE = {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>A</div>"}
GOOD = {"resourceType": "Patient", "id": "p", "text": NARRATIVE, "active": True}
BAD = {"resourceType": "Patient", "id": "b", "active": "yes"}
VN_PATIENT = "http://fhir.hl7.org.vn/core/StructureDefinition/vn-patient"
UNKNOWN = "http://example.org/StructureDefinition/none"
