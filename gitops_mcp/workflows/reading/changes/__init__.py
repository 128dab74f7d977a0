"""The changes of a repository: which there are, what became of each, and where it stands now."""
