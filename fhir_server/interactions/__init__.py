"""One file per FHIR interaction, named as in http.html."""
