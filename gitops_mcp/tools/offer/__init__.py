"""How tools are offered: which, by which schemas, and how what is given is read."""
