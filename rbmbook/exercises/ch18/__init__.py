"""Exercises of chapter 18, Beyond one machine."""
