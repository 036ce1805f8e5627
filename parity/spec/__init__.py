"""The spec language, which says what is to be run: text -> spec -> graph -> case."""
