"""Dated sets of parameters: what ships, what a folder holds, what this installation has imported."""
