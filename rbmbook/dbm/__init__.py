"""Deep Boltzmann machines (chapter 13)."""

from rbmbook.dbm.model import DBM

__all__ = ["DBM"]
