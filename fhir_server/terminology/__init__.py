"""CodeSystem, ValueSet and UCUM, answered from local content."""
