"""The addresses everything of this extension is named under."""

LEGAL = "http://fhir.hl7.org.vn/legal"
DEFINITION = f"{LEGAL}/OperationDefinition"
CODES = f"{LEGAL}/CodeSystem"
