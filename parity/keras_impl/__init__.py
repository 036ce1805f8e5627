"""Owns native Keras realizations; sets what must stand in the environment before Keras is imported, and nothing else.

It refuses to import Keras here: the modules of this folder do, each at its top.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
