"""The atlas: what each framework's defaults really do, measured on the installed packages.

Answers are measured, never typed in.
"""
