"""Source records: judgments, papers linked to them, bans; sealed, and never served as FHIR."""
