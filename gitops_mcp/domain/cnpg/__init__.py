"""What CloudNativePG means by its kinds: build a manifest, read a status, name a phase."""
