"""Commands that delete rows of the register, or forbid it."""
