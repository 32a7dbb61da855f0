"""Purchases on their way in: statements' files and banks, each purchase once whatever its way."""
