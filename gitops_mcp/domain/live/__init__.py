"""Objects of the API against Git: drift, arrival, operations, managers, engine reports."""
