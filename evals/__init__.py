"""Tasks over the sandbox that show what an assistant does with this server, and with what else it could be given."""
