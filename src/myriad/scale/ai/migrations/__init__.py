"""Migrations of the AI gateway."""
