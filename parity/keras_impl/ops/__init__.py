"""The ops of the specs in Keras, by family; layers.py beside this folder is their table."""
