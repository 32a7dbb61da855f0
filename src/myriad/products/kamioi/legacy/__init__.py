"""The old Kamioi: one SQLite file, and the way of its rows into a programme."""
