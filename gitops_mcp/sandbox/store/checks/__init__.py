"""What the API server checks before it stores an object."""
