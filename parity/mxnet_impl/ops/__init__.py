"""The ops of the specs in MXNet, by family; layers.py beside this folder is their table."""
