"""The HTTP forms that callers speak, one a file, and how they become the types that travel inside, and back."""
