"""What Keras answers to the questions of the atlas."""
