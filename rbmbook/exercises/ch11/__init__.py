"""Exercises of chapter 11, Other energies, other conditionals."""
