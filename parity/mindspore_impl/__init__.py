"""A framework in its first hour: it computes `dense` and `relu`, and raises Unsupported for everything else.

A copy of this folder, filled in, is a new framework of parity: docs/adding-a-framework.md walks through its files.
"""
