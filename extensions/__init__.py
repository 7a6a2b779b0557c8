"""Custom resources; each a guest of the engine."""
