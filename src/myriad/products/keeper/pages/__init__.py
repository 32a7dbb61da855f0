"""The Keeper screens."""
