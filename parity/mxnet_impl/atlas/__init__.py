"""What MXNet answers to the questions of the atlas."""
