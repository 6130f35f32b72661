"""Exercises of chapter 00, Three roads."""
