"""The blind process: it runs a request's cases in one framework and records its observations."""
