"""Closed forms of native objects other than optimizers, in float64, and the search for the forms that explain an object.

An object that no form explains has no match.
"""
