"""Exercises of chapter 17, Where the roads meet."""
