"""The harness's side of execution: environments, requests, processes and their supervision. Standard library and numpy."""
