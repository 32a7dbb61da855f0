"""The Alembic branch of the limits: who may do how much in a month, and what was done of it."""
