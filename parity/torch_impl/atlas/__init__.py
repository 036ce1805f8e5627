"""What PyTorch answers to the questions of the atlas."""
