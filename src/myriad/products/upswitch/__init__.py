"""Upswitch: what a company is worth, in numbers that open to their formula and their source."""
