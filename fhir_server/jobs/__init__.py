"""Long work that survives a restart: a queue in the database, and workers with leases."""
