"""How verbs speak to a terminal: columns, progress, and the words of options that several verbs share."""
