"""How the files are made that the service loads; `train.py` is the command.

Each module imports only modules above it:

    home_credit     names of Home Credit's features, and how they are distributed
    simulation      a simulated population of that shape
    table           a labelled table of one's own; splitting clients into three
    fitting         the pipeline, the number of trees, probabilities by cross-validation
    quality         costs, the threshold, what the model is worth
    writing         the folder, and the report
"""
