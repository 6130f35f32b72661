"""Beyond one machine: training, and estimates of log Z, on a cluster of Dask.

Sums split, chains do not. The data term is a sum over rows, so each worker adds up its own; a chain
is one state after another, so workers can only have different chains.

How a fit is laid out, see `fit`:

- *Tasks are pure.* A worker is given the parameters, the numbers of some rows, its chains and its
  generator; it returns sums, and chains and generator as they are then. It keeps nothing. So where
  a worker dies, Dask runs its task again elsewhere, from the same arguments, with the same result,
  and nobody has to notice. Chains travel as bits: 100 states of 784 units are 10 kB, beside the
  1.6 MB of the parameters of 784 × 500 weights.
- *Parts, not workers.* Rows and chains are split into parts, whose number is settled when the fit
  begins. A part's noise follows from the seed, its number and the update's, and sums are added in
  the order of the parts: who computes them does not matter.
- *One loop.* Permutations, batches, penalties, optimizer, monitors, callbacks and checkpoints are
  those of `rb.fit`, in this process; only the sums come from elsewhere. In memory there are 16
  bytes for each row here: its place in the order, and its weight.
- *The first part draws from the fit's own generator*, after the permutation, which makes a fit of
  one part a fit on one machine.
"""

from rbmbook.distributed.annealing import ais
from rbmbook.distributed.fit import fit

__all__ = ["ais", "fit"]
