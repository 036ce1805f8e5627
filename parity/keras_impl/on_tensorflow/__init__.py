"""Keras on TensorFlow: all that its backend owns. The files beside this folder choose one of these by the environment."""
