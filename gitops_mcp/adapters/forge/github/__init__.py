"""GitHub, GitHub Enterprise Server and ghe.com."""
