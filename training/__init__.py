"""Making the files that the service loads: simulated clients or a table, the fit, its quality.

Each module imports only modules above it:

    home_credit     what a simulated client has: names and distributions
    columns         columns of a simulated table: drawn, blanked, rounded
    credit_history  simulated credits of each client, and their aggregates
    simulation      a simulated population
"""
