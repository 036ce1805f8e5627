"""Names what a native object computes: the library of known rules and forms, and the search for those that explain it."""
