"""What the definitions say, compiled once, frozen."""
