"""Exercises of chapter 03, Free energy."""
