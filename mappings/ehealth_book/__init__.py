"""The e-health book: one person's visits, newest first, as FHIR documents."""
