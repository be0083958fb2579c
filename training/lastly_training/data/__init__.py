"""Collections, candidate lists, and the batches drawn from them."""
