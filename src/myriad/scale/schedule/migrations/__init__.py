"""Migrations of the schedule table."""
