"""MCP over streamable HTTP, in both eras of the protocol, without sessions: any replica can answer any request.

What comes in is judged in this order, and each step sees only what the one before has let through: the connection and
its headers (`connections`), the names that the server is reached by (`names`), who calls (sign-in), how much they call
(`callers`), and the body (`body`). The rest is the SDK's.
"""
