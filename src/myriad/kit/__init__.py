"""Pure Python that any floor may use: no I/O, no framework."""
