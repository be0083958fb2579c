"""How the embedded model was made, and how to make one's own; needs torch and is not installed with the package."""
