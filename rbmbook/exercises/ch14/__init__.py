"""Exercises of chapter 14, Autoencoders."""
