"""Exercises of chapter 08, Training on digits."""
