"""What is asked: text -> spec -> graph -> case."""
