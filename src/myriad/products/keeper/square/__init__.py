"""Square: its client, its webhooks, the synchronisation, and a server that behaves like it."""
