"""The ops of the specs in ONNX, by family; the table of ops is layers.py beside this folder."""
