"""How lastly-mini was made; not installed with the package."""
