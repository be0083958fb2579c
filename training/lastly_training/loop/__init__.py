"""The training itself: recipe, losses, steps, evaluation."""
