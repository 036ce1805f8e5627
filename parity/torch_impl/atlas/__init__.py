"""PyTorch's answers to the questions of the atlas."""
