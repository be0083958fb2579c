"""From a query and its documents to scores: truncation, packing, encoding, fusing, ordering."""
