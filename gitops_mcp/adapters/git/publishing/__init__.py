"""How files become a commit on a change's branch: objects, hooks, the commit, and the push that is its point."""
