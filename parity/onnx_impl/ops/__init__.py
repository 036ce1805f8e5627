"""The ops of the specs in ONNX, by family; layers.py beside this folder is their table."""
