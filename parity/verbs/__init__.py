"""The verbs of the command line as functions: each file or folder is a verb, and prints or returns its results."""
