"""The pages of judicial records: checking, the citizen's dossiers, the officers' queue."""
