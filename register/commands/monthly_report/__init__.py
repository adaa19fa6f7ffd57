"""The report of a month as one page: figures of the model at work for a risk committee."""
