"""The running of cases in processes, and what was observed: case -> request -> record."""
