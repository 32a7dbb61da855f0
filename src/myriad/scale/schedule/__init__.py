"""Schedules: a stable place in each tenant's local night, materialised once a minute."""
