"""A real server that behaves like the NBB, VIES and GLEIF, for companies that do not exist.

Each stands under a path of its own: /nbb, /vies, /gleif. Everything follows from the enterprise
number, so that the same number has the same accounts in every run.
"""
