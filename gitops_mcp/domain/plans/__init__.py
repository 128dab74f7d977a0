"""One module for each thing that can be asked, the Plan, its message, its confirmation."""
