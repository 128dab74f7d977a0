"""Clusters as a list, of one environment or of all, and one of them in full."""
