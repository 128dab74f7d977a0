"""Where what is live begins: which engine objects and folders count, in which environment."""
