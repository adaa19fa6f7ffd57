"""New applications, of people who are not clients yet: form, sources and result."""
