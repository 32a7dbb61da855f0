"""Who may come in: tenants, users, roles, sessions, API keys, and the audit log."""
