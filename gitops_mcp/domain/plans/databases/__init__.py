"""What can be asked of a database."""
