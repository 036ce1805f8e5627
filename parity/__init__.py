"""parity: do deep-learning frameworks compute the same thing, how fast do they train it, which one should I pick?

Importing this package imports nothing else: a worker's interpreter has numpy and one framework only.
"""

__version__ = "0.1.0"
