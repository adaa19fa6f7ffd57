"""Clients, features, the pipeline, its scores and their explanations. Nothing of HTTP.

`loading.load(folder)` reads and checks a folder of files and gives a `scorer.Scorer`, which never
changes. Class 1 is a client in default, class 0 a solvent one; a probability is that of class 1.

Each module imports only modules above it:

    errors          what can be wrong, and texts of a safe length
    files           names of files and columns, hashes, model.json, opening the pickle
    scale           from log-odds to a probability of default, points and a grade
    tables          CSV to columns of doubles; ids, classes, kinds
    formulas        arithmetic on features, by a small grammar
    features        what features.csv says: words, themes, formulas, what may change
    lightgbm_row    LightGBM's C function for single rows
    classifier      one protocol for tree classifiers, and the choice of one
    pipeline        transforming, names of outputs, the proof that scores agree
    records         reading transformed records
    reference       values of the reference clients by class
    scorer          `Scorer`: predict and explain
    loading         a folder to a `Scorer`
    schemas         the shapes of the answers, for the document
    answers         what is answered, as JSON text
    snapshot        a folder as it was read, and answers that are ready
"""
