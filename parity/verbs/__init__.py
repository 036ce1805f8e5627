"""The verbs of the command line as functions: each file is one, and prints or returns what it found."""
