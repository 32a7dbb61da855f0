"""People and strings: what waits for a decision, who decides, what it touches, and the way back."""
