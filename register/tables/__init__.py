"""The tables of the register, and the types of their columns."""
