"""The ops of the specs in PyTorch, by family; layers.py beside this folder is their table."""
