"""How the bundled planner was made."""
