"""What can be asked of backups."""
