"""Exercises of chapter 04, Likelihood and its gradient."""
