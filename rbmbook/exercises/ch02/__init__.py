"""Exercises of chapter 02, Conditionals."""
