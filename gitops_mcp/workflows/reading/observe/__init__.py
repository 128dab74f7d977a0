"""What people ask about a running database: how to connect, what it logs, what it measures."""
