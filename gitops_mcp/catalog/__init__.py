"""Prompts, resources and completions: what clients offer beside the tools."""
