"""Exercises of chapter 09, Better negative phases."""
