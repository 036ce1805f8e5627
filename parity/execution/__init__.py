"""Who computes, and what was seen: case -> request -> record."""
