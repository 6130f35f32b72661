"""Autoencoders (chapter 14)."""

from rbmbook.autoencoder.model import Autoencoder

__all__ = ["Autoencoder"]
