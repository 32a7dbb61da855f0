"""Myriad: AI-heavy products for many customers, one code base from a laptop to a cluster."""
