"""Tools of MCP servers: programs beside us or on the network that offer tools (modelcontextprotocol.io)."""
