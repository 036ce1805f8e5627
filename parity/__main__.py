"""Owns `python -m parity`: the same as the console script, which no file of the working directory can disturb either."""

import sys

if not sys.flags.safe_path:  # the working directory stands first: a module there would run in the place of the library's
    sys.path.append(sys.path.pop(0))

from parity.cli import main

if __name__ == "__main__":
    main()
