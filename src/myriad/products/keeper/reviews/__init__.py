"""Reviews without a database: reading files, judging texts, and finding the visit behind one."""
