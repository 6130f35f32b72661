"""Generative adversarial networks (chapter 15)."""

from rbmbook.gan.model import GAN

__all__ = ["GAN"]
