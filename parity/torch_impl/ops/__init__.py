"""The ops of the specs in PyTorch, by family; the table of ops is layers.py beside this folder."""
