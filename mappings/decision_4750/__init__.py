"""Decision 4750/QD-BYT: the hospitals' XML envelope to FHIR."""
