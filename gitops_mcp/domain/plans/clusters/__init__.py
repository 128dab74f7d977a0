"""What can be asked of a Cluster."""
