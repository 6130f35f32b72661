"""Exercises of chapter 01, Energy."""
