"""Changes that are carried on: brought up to the base, taken back, asked for once more in another environment."""
