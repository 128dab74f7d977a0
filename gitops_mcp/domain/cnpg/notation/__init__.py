"""How Kubernetes, Go and PostgreSQL write quantities, times, schedules and names."""
