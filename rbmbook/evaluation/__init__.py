"""How good a machine is (chapter 10)."""
