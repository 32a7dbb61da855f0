"""The open data of the Belgian register (KBO/BCE): extracts, their files, loading and updates."""
