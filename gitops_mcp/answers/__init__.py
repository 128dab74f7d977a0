"""What each tool answers: one model a tool, and the same facts as markdown."""
