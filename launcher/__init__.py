"""``make run``: everything, then the dashboard."""
