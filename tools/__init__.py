"""What an agent can do: tools, their schemas and effects, the registry, and the built-in apps."""
