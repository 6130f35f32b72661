"""The machine: energy, conditionals, units, and sums over all states (chapters 01-05, 11)."""
