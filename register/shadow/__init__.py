"""The shadow: a challenger scores recorded decisions too, after their callers were answered."""
