"""Any field of any kind: read from a caller's words by the schema of the kind, refused or planned."""
