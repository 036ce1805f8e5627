"""Names what a native object computes: the library of known rules and forms, and what of them explains everything seen."""
