"""ONNX and ONNX Runtime: a graph and its weights as an ONNX model, and its forward pass. It refuses to train."""
