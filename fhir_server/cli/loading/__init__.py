"""`load --fresh`: files made ready in several processes, written by one into an empty database."""
