"""Exercises of chapter 13, Deep Boltzmann machines."""
