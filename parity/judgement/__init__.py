"""What it means: record -> comparison, measurement."""
