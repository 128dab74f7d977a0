"""What every write goes through: checked, written to a branch or to the API, and told."""
