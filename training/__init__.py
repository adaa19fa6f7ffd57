"""Making the files that the service loads: simulated clients or a table, the fit, its quality.

Each module imports only modules above it:

    home_credit     what a simulated client has: names and distributions
    columns         columns of a simulated table: drawn, blanked, rounded
    credit_history  simulated credits of each client, and their aggregates
    simulation      a simulated population
    dictionary      features.csv: that of the simulation, and a skeleton
    table           a labelled table of one's own, and the split of any table
    quality         costs, area under the ROC curve, the figures that are reported
    calibration     from scores to probabilities of default, and grades
    audit           how decisions differ among groups of clients
    fitting         the pipeline, its fit, the choice of the number of trees and of the threshold
    writing         the folder, and the report about it
"""
