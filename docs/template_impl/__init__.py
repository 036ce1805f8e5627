"""A framework in its first hour: it computes `dense` and `relu`, and says of everything else that it cannot.

A copy of this folder, filled in, is a new framework of parity: docs/adding-a-framework.md walks through its files.
"""
