"""Feed-forward networks and back-propagation (chapters 12 and 14)."""
