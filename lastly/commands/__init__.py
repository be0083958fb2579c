"""The commands of `lastly`, one a module."""
