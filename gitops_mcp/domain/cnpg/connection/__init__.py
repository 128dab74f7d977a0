"""How clients reach a Cluster, and as whom: by names alone, never by what a Secret holds."""
