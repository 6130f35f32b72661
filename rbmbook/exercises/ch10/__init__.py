"""Exercises of chapter 10, How good is it?"""
