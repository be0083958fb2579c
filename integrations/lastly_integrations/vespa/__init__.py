"""Vespa: writes the reranking searcher into an application package, shows it, takes it out, deploys."""
