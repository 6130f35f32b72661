"""Training: negative phases, the gradient, the loop that models share (chapters 07-09, 16)."""
