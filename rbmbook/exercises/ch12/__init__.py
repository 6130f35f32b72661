"""Exercises of chapter 12, Deep belief networks."""
