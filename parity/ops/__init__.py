"""One op a file: signature (shape rule and parameters), FLOPs, forward, vjp, kinks, and examples that can tell."""
