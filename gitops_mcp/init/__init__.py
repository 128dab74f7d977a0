"""`gitops-mcp init`: a repository to start from, or what an existing one needs so that an assistant can work in it."""
