"""MongoDB: the only floor that talks to a database."""
