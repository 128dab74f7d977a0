"""Archives of backups, and what can be restored from them."""
