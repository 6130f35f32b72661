"""Exercises of chapter 06, Gibbs sampling."""
