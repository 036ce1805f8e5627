"""The functions of `import parity`: one for each command, typed, with its defaults, and a result that a notebook shows."""
