"""What native objects other than optimizers compute: closed forms in float64, and the naming of what a black box gave.

An object that no form explains has no match.
"""
