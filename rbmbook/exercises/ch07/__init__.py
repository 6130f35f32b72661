"""Exercises of chapter 07, Contrastive divergence."""
