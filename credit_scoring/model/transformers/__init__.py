"""Fitted transformers: what they take, what each output is made from, and faster ways."""
