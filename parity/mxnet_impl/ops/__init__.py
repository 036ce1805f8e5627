"""The ops of the specs in MXNet, by family; the table of ops is layers.py beside this folder."""
