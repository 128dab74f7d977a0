"""All I/O. Each adapter translates the errors of its peer; none knows another."""
