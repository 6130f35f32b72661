"""States drawn from a machine: Gibbs chains, tempering, annealing (chapters 06, 09, 10)."""
