"""A checkpoint as it was published: its shape, its tensors, its prompt, and where it comes from."""
