"""The directory's branch of migrations, the first of all."""
