"""Fitted transformers: their input types, traced outputs and vectorised form."""
