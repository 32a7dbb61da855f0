"""One suite over every table and every route of this installation, also those that come later.

A new table or route is found by itself. What it cannot know must be said in `exceptions.py`, and
the suite fails until it is.
"""
