"""The demo of Kamioi."""
