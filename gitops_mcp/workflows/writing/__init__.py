"""The one road of a write: request, plan, checks, delivery."""
