"""Where a role's password comes from, how it changes, and what goes with it."""
