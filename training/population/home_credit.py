"""Distributions of the values of Home Credit's columns among simulated clients.

The columns are described at https://www.kaggle.com/c/home-credit-default-risk/data.
"""

# name: share missing, median, spread (of the logarithm)
BUILDING = {
    "APARTMENTS": (0.490, 0.087, 0.80),
    "BASEMENTAREA": (0.553, 0.075, 0.75),
    "YEARS_BEGINEXPLUATATION": (0.473, 0.981, 0.01),
    "YEARS_BUILD": (0.652, 0.742, 0.12),
    "COMMONAREA": (0.676, 0.021, 1.20),
    "ENTRANCES": (0.490, 0.138, 0.50),
    "FLOORSMAX": (0.488, 0.167, 0.50),
    "LANDAREA": (0.570, 0.048, 0.85),
    "LIVINGAPARTMENTS": (0.662, 0.075, 0.80),
    "LIVINGAREA": (0.482, 0.073, 0.85),
    "NONLIVINGAREA": (0.527, 0.003, 1.80),
    "TOTALAREA": (0.473, 0.067, 0.85),
}
TRAITS = ["discipline", "AMT_INCOME_TOTAL"]  # of the client, on which the tables of credits depend
PORTFOLIOS = {"POS": 0.5, "Cash": 0.42, "Cards": 0.08}
ORGANIZATIONS = {"Construction": 0.022, "Military": 0.009, "Self-employed": 0.125, "": 0.844}
SELLERS = {
    "Consumer electronics": 0.44,
    "Connectivity": 0.3,
    "Furniture": 0.1,
    "Clothing and Accessories": 0.05,
    "Construction": 0.11,
}
CREDIT_TYPES = {
    "Consumer credit": 0.735,
    "Credit card": 0.22,
    "Car loan": 0.017,
    "Mortgage": 0.015,
    "Microloan": 0.013,
}
SHOPS = {"Country-wide": 0.54, "Stone": 0.27, "Regional / Local": 0.17, "Car dealer": 0.02}
OFFICES = {
    "Credit and cash offices": 0.77,
    "Contact center": 0.09,
    "AP+ (Cash loan)": 0.08,
    "Channel of corporate sales": 0.02,
    "Country-wide": 0.04,
}
REJECT_REASONS = {"HC": 0.6, "SCO": 0.18, "LIMIT": 0.16, "SCOFR": 0.06}
RETURNING = {"Repeater": 0.84, "Refreshed": 0.16}
WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
TOLERATED_DELAY = 20  # days
NOT_YET = 365_243  # Home Credit's day of an event that has not happened yet
