"""What a host may draw beside an answer: cards of the MCP Apps extension, each one page that loads nothing."""
