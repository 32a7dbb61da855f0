"""Adaptive intervals: pure arithmetic of change rates, prices and signals; no database."""
