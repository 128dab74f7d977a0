"""What takes more than one adapter."""
