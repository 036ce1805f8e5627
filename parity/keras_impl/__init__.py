"""Owns native Keras realizations. This file only sets the environment variables that Keras reads when it is imported.

It refuses to import Keras here: the modules of this folder do, each at its top.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
