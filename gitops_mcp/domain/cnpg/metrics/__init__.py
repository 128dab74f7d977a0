"""What the exporter of an instance measures, and what a person should read of it."""
