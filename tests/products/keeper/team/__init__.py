"""Measures of staff."""
