"""Exercises of chapter 16, RBMs at work."""
