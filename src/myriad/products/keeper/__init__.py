"""Keeper: the back office of a service business, on top of its Square account."""
