"""Deep belief networks (chapter 12)."""

from rbmbook.dbn.model import DBN

__all__ = ["DBN"]
