"""Logs and metrics: what a running process tells about itself."""
