"""The kinds of arrays that count as the same data: name → conversion from dense float64."""

import numpy as np
import scipy.sparse

KINDS = {
    "bool": lambda v: v.astype(bool),
    "uint8": lambda v: v.astype(np.uint8),
    "int64": lambda v: v.astype(np.int64),
    "float32": lambda v: v.astype(np.float32),
    "list": lambda v: v.tolist(),
    "fortran": np.asfortranarray,
    "strided": lambda v: np.repeat(v, 2, axis=1)[:, ::2],
    "read-only": lambda v: np.frombuffer(v.tobytes()).reshape(v.shape),
    "csr_matrix": scipy.sparse.csr_matrix,
    "csc_matrix": scipy.sparse.csc_matrix,
    "coo_matrix": scipy.sparse.coo_matrix,
    "csr_array": scipy.sparse.csr_array,
    "csc_array": scipy.sparse.csc_array,
    "coo_array": scipy.sparse.coo_array,
    "csr_array of bool": lambda v: scipy.sparse.csr_array(v.astype(bool)),
    "csr_array of uint8": lambda v: scipy.sparse.csr_array(v.astype(np.uint8)),
}
