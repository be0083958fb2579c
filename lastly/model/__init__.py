"""The model folder: what lies in it, what its manifest says, how its prompt is rendered."""
