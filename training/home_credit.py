"""What a simulated client has: the names of Home Credit's columns, and how values are distributed.

The columns are described at https://www.kaggle.com/c/home-credit-default-risk/data.

Statistics after `|` are computed with --wide only, which gives Home Credit's 347 features. Tables
of aggregates read "statistics": "columns"; `NAME_x` is 1 where text column `NAME` says x.
"""

# name: share missing, median, spread (of the logarithm), statistics
BUILDING = {
    "APARTMENTS": (0.490, 0.087, 0.80, "AVG | MODE MEDI"),
    "BASEMENTAREA": (0.553, 0.075, 0.75, "AVG | MODE MEDI"),
    "YEARS_BEGINEXPLUATATION": (0.473, 0.981, 0.01, "AVG | MODE MEDI"),
    "YEARS_BUILD": (0.652, 0.742, 0.12, "AVG | MODE"),
    "COMMONAREA": (0.676, 0.021, 1.20, "AVG | MODE MEDI"),
    "ENTRANCES": (0.490, 0.138, 0.50, "AVG"),
    "FLOORSMAX": (0.488, 0.167, 0.50, "AVG"),
    "LANDAREA": (0.570, 0.048, 0.85, "AVG | MODE MEDI"),
    "LIVINGAPARTMENTS": (0.662, 0.075, 0.80, "AVG | MODE MEDI"),
    "LIVINGAREA": (0.482, 0.073, 0.85, "AVG | MODE MEDI"),
    "NONLIVINGAREA": (0.527, 0.003, 1.80, "AVG | MODE MEDI"),
    "TOTALAREA": (0.473, 0.067, 0.85, "MODE"),
}
BUREAU = {
    "mean max | min sum": "DAYS_CREDIT, DAYS_CREDIT_ENDDATE, DAYS_ENDDATE_FACT",
    "mean max sum | min": "AMT_CREDIT_SUM",
    "sum": "AMT_CREDIT_SUM_DEBT",
    "| mean max sum": "AMT_CREDIT_SUM_LIMIT",
    "max": "AMT_CREDIT_SUM_OVERDUE",
    "mean | max min sum": "DAYS_CREDIT_UPDATE",
    "count count_norm": "CREDIT_ACTIVE_Active, CREDIT_TYPE_Credit card",
    "count_norm": (
        "CREDIT_ACTIVE_Closed, CREDIT_TYPE_Car loan, CREDIT_TYPE_Microloan, CREDIT_TYPE_Mortgage"
    ),
    "count_norm | count": "CREDIT_TYPE_Consumer credit",
}
BALANCE = {
    "mean | min sum": "MONTHS_BALANCE_count",
    "| mean min": "MONTHS_BALANCE_mean, STATUS_X_count",
    "| mean min sum": "MONTHS_BALANCE_max, MONTHS_BALANCE_sum",
    "| mean": "MONTHS_BALANCE_min",
    "| mean max sum": "STATUS_0_count",
    "mean | max min sum": "STATUS_0_count_norm",
    "mean": "STATUS_1_count_norm",
    "| mean sum": "STATUS_C_count",
    "mean | max sum": "STATUS_C_count_norm",
    "| sum": "STATUS_X_count_norm",
}
PREVIOUS = {
    "mean": (
        "CHANNEL_TYPE_AP+ (Cash loan), CHANNEL_TYPE_Contact center, CHANNEL_TYPE_Regional / Local, "
        "CODE_REJECT_REASON_HC, CODE_REJECT_REASON_SCO, NAME_CLIENT_TYPE_New, "
        "NAME_CONTRACT_STATUS_Approved, NAME_CONTRACT_STATUS_Refused, "
        "NAME_CONTRACT_TYPE_Cash loans, NAME_GOODS_CATEGORY_Furniture, NAME_PORTFOLIO_POS, "
        "NAME_PRODUCT_TYPE_walk-in, NAME_YIELD_GROUP_low_action, "
        "PRODUCT_COMBINATION_Cash Street: high, PRODUCT_COMBINATION_Cash X-Sell: high, "
        "PRODUCT_COMBINATION_POS industry with interest"
    ),
    "| mean": (
        "CHANNEL_TYPE_Channel of corporate sales, CHANNEL_TYPE_Credit and cash offices, "
        "CHANNEL_TYPE_Stone, CODE_REJECT_REASON_XAP, NAME_CLIENT_TYPE_Refreshed, "
        "NAME_CONTRACT_STATUS_Canceled, NAME_GOODS_CATEGORY_Clothing and Accessories, "
        "NAME_GOODS_CATEGORY_Mobile, NAME_PAYMENT_TYPE_Cash through the bank, "
        "NAME_PAYMENT_TYPE_XNA, NAME_PRODUCT_TYPE_XNA, NAME_PRODUCT_TYPE_x-sell, "
        "NAME_SELLER_INDUSTRY_Connectivity, NAME_SELLER_INDUSTRY_Consumer electronics, "
        "NAME_SELLER_INDUSTRY_Furniture, NAME_TYPE_SUITE_Family, NAME_TYPE_SUITE_Unaccompanied, "
        "NAME_YIELD_GROUP_low_normal, NAME_YIELD_GROUP_middle, "
        "PRODUCT_COMBINATION_Cash X-Sell: low, PRODUCT_COMBINATION_Cash X-Sell: middle, "
        "PRODUCT_COMBINATION_POS household with interest, "
        "PRODUCT_COMBINATION_POS mobile with interest, WEEKDAY_APPR_PROCESS_START_SATURDAY, "
        "WEEKDAY_APPR_PROCESS_START_SUNDAY, DAYS_FIRST_DRAWING"
    ),
    "mean | sum": "NAME_YIELD_GROUP_high",
    "| sum": "WEEKDAY_APPR_PROCESS_START_WEDNESDAY",
    "mean | max min": "AMT_ANNUITY, AMT_APPLICATION",
    "mean sum | max min": "AMT_CREDIT",
    "mean | max min sum": "AMT_DOWN_PAYMENT, RATE_DOWN_PAYMENT",
    "| mean max min sum": "HOUR_APPR_PROCESS_START, DAYS_LAST_DUE_1ST_VERSION",
    "| mean min": "AMT_GOODS_PRICE",
    "mean max | min sum": "DAYS_DECISION",
    "mean | max sum": "CNT_PAYMENT",
    "| mean max sum": "DAYS_FIRST_DUE",
    "| mean min sum": "DAYS_LAST_DUE, DAYS_TERMINATION",
}
CASH = {
    "| count": "NAME_CONTRACT_STATUS_XNA_mean",
    "| mean": (
        "NAME_CONTRACT_STATUS_Signed_mean, NAME_CONTRACT_STATUS_Signed_sum, CNT_INSTALMENT_count, "
        "CNT_INSTALMENT_max, CNT_INSTALMENT_FUTURE_max"
    ),
    "| max": "NAME_CONTRACT_STATUS_Completed_mean",
    "mean | max min sum": "NAME_CONTRACT_STATUS_Active_mean",
    "| mean sum": "NAME_CONTRACT_STATUS_Active_sum, MONTHS_BALANCE_min",
    "mean | min sum": "MONTHS_BALANCE_mean, MONTHS_BALANCE_max",
    "| mean min sum": "MONTHS_BALANCE_sum",
    "mean | max min": "CNT_INSTALMENT_mean",
    "| mean max min": "CNT_INSTALMENT_FUTURE_mean",
    "| sum": "CNT_INSTALMENT_min",
    "| max min sum": "CNT_INSTALMENT_sum",
    "| mean max": "CNT_INSTALMENT_FUTURE_min",
    "| min sum": "CNT_INSTALMENT_FUTURE_sum",
    "| min": "SK_DPD_mean",
    "mean max": "SK_DPD_DEF_max",
}
INSTALLMENTS = {
    "mean": "NUM_INSTALMENT_VERSION_count, DAYS_INSTALMENT_mean, DAYS_ENTRY_PAYMENT_max",
    "mean | max sum": "NUM_INSTALMENT_VERSION_mean",
    "| mean sum": "NUM_INSTALMENT_VERSION_max",
    "| mean": "NUM_INSTALMENT_VERSION_min",
    "| mean max sum": "NUM_INSTALMENT_VERSION_sum, AMT_INSTALMENT_sum",
    "| mean max min": "NUM_INSTALMENT_NUMBER_mean",
    "| sum": "NUM_INSTALMENT_NUMBER_min",
    "| mean min sum": "DAYS_INSTALMENT_max",
    "| mean min": (
        "DAYS_INSTALMENT_min, DAYS_INSTALMENT_sum, DAYS_ENTRY_PAYMENT_min, DAYS_ENTRY_PAYMENT_sum"
    ),
    "mean | min": "DAYS_ENTRY_PAYMENT_mean",
    "mean | max min sum": "AMT_INSTALMENT_mean, AMT_PAYMENT_mean, AMT_PAYMENT_min",
    "| mean max min sum": "AMT_INSTALMENT_min",
    "sum | mean max min": "AMT_PAYMENT_sum",
}
TRAITS = ["discipline", "AMT_INCOME_TOTAL"]  # of the client, that child tables depend on
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
NOT_YET = 365_243  # Home Credit's day for what has not happened yet


def wanted(statistics: str, wide: bool) -> list[str]:
    """The statistics of a line above: those before `|`, with `wide` those after it too."""
    usual, _, more = statistics.partition("|")
    return usual.split() + (more.split() if wide else [])
