"""Measures of speed, each against a floor of the same run: `python -m bench`."""
