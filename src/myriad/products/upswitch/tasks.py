"""Upswitch's jobs; there are none yet."""
