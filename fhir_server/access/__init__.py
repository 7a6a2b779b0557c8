"""What a caller may do; pure."""
