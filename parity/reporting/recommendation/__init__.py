"""Which framework to pick: places that follow from records, weights of the user's own, and what is not on record. Pure."""
