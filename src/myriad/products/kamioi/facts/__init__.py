"""Facts of the world: files that are read, what is curated here, and who owned what on a day."""
