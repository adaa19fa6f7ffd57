"""Clients, features, the pipeline, its scores and their explanations. Nothing of HTTP.

`loading.load(folder)` reads and checks a folder of files and gives a `scorer.Scorer`, which never
changes. Class 1 is a client in default, class 0 a solvent one; a probability is that of class 1.

Each module imports only modules above it:

    errors          what can be wrong, and texts of a safe length
    cells           the text of a field to a number, a text or a missing value
    files           names of files and columns, hashes, model.json, opening the pickle
    scale           from log-odds to a probability of default, points and a grade
    tables          columns of doubles; ids, classes, stored probabilities
    doubles         doubles in their order, and a search among them
    formulas        arithmetic on features, by a small grammar
    monotone        where what follows from a feature is monotone in it
    features        what features.csv says: words, themes, formulas, what may change
    outputs         the raw feature and the arithmetic of each output of a transformer
    fitted_inputs   the type of each raw feature that a fitted model records
    csv_tables      CSV files to tables
    feature_types   one type for each feature in both tables
    lightgbm_row    LightGBM's C function for single rows
    lightgbm_text   what a saved LightGBM model says of its trees
    thresholds      where the score of fitted trees can change
    treeshap        the trees of LightGBM as arrays, for exact SHAP values
    treeshap_kernel the arithmetic of these, compiled by numba
    classifier      one protocol for tree classifiers, and the choice of one
    classifier_input  names, order and codes of the outputs as a classifier takes them
    pipeline        inputs of a pipeline, and the new clients by its own methods
    raw_rows        values of clients as a transformer takes them
    array_transformer  a transformer as operations on arrays, if that gives the same bits
    proof           the check that every door gives a client the pipeline's score
    raw_scorer      scores of raw rows, and what follows from a change
    json_objects    JSON text to one object, and what is wrong with it
    applications    what is asked at the credit desk
    application_decoder  the same from JSON text, fast
    application_reader   and with what is wrong in words
    records         reading transformed records
    reference       values of the reference clients by class
    attribution     which raw feature an output was made from
    comparison      positions among the classes, and the clients that reasons compare with
    reasons         SHAP values to a few reasons in words
    lines           a row with all values of one feature
    curves          the scores along lines
    sensitivity     how a score depends on one feature, and where the decision turns
    alternatives    the smallest changes that turn a decision
    distributions   quantiles of the reference values, and shares of categories
    drift           how far new clients differ from the reference clients
    scorer          `Scorer`: predict and explain
    loading         a folder to a `Scorer`
    assessment      applications to scores, decisions and reasons
    bulk            many rows to arrays of the same
    application_schemas  what the credit desk takes, for the document
    desk_schemas    the shapes of the credit desk's answers, for the document
    schemas         those of the others
    answers         what is answered, as JSON text
    desk            what the credit desk answers, as JSON text
    snapshot        a folder as it was read, and answers that are ready
"""

if __doc__ is None:  # LightGBM would end with a traceback
    raise SystemExit("LightGBM needs docstrings: unset PYTHONOPTIMIZE, and run python without -OO")
