"""Kamioi: a purchase rounds up, and the difference buys a piece of the company it was made at."""
