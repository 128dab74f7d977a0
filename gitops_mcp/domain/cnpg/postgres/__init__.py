"""PostgreSQL itself: its parameters and its images."""
