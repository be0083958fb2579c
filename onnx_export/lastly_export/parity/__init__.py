"""How close an exported graph is to its reference."""
