"""The engine between the verbs and the other rooms: it turns requests into trials, runs them, and judges the records."""
