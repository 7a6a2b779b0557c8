"""The law as dated rules, the days it counts, and what follows from them."""
