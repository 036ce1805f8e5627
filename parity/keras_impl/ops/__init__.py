"""The ops of the specs in Keras, by family; the table of ops is layers.py beside this folder."""
