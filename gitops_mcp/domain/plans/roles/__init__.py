"""What can be asked of a role."""
