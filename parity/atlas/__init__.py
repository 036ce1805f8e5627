"""The atlas: what each framework's defaults really do, asked of the installed packages.

Answers are measured, never typed in.
"""
