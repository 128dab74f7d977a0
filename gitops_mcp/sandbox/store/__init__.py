"""The objects of the sandbox's API, and what it checks before it keeps one."""
