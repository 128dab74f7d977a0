"""How commits stand to each other, and what of a change a base holds."""
