"""What becomes of a request where the API is changed at once: the live state as a source, its operations, the wait."""
