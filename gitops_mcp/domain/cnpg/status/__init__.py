"""What the status of CNPG's kinds says, and the state of what belongs to a Cluster."""
