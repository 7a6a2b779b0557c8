"""One file per FHIR operation; listed here."""
