"""Exercises of chapter 15, Adversarial networks."""
