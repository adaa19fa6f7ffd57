"""Parts of the page of the model: quality, decisions by group, stability, files in use."""
