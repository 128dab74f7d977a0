"""Where the password of a role comes from: one module a provider, all behind the Protocol of `interface`."""
