"""What a run starts ends with the run; what it logged can be kept."""
