"""From inputs to a stored valuation, and everything that is asked of it afterwards."""
