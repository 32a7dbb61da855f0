"""Jobs: a queue of record in PostgreSQL; Celery and Redis only carry the wake-ups."""
