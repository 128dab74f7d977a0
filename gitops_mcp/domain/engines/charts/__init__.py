"""Helm charts: their values, what makes objects of them, and CloudNativePG's own `cluster` chart."""
