"""Plaid: linking banks, reading what is new, its webhooks, and a simulator beside the client."""
