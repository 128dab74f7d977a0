"""What stands in a commit."""
