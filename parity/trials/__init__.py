"""The engine between the verbs and the rest: what is asked becomes trials, which are run and judged."""
