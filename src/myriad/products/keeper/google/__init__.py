"""Google Business Profile: reviews read, answers sent, notifications received."""
