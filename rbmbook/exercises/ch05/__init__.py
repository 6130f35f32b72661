"""Exercises of chapter 05, The partition function."""
