"""Data quality of submissions: complete, fresh, correct, once ("đúng, đủ, sạch, sống")."""
