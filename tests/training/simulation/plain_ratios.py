"""Home Credit's ratios in plain pandas, to compare with the formulas of `home_credit.csv`."""

import pandas as pd


def ratios(a: pd.DataFrame) -> pd.DataFrame:
    """The features that follow from other columns of an application, without any formula."""
    scores = a[["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"]]
    one, two, three = (scores[name] for name in scores)
    birth, employed, phone = a["DAYS_BIRTH"], a["DAYS_EMPLOYED"], a["DAYS_LAST_PHONE_CHANGE"]
    income, credit, goods = a["AMT_INCOME_TOTAL"], a["AMT_CREDIT"], a["AMT_GOODS_PRICE"]
    return pd.DataFrame(
        {
            "EXT_SOURCES_PROD": one * two * three,
            "EXT_SOURCES_WEIGHTED": 2 * one + two + 3 * three,
            "EXT_SOURCES_MIN": scores.min(axis=1),
            "EXT_SOURCES_MAX": scores.max(axis=1),
            "EXT_SOURCES_MEAN": scores.mean(axis=1),
            "EXT_SOURCES_NANMEDIAN": scores.median(axis=1),
            "EXT_SOURCES_VAR": scores.var(axis=1, ddof=0),
            "DAYS_EMPLOYED_PERC": employed / birth,
            "INCOME_CREDIT_PERC": income / credit,
            "INCOME_PER_PERSON": income / a["family"],
            "ANNUITY_INCOME_PERC": a["AMT_ANNUITY"] / income,
            "PAYMENT_RATE": a["AMT_ANNUITY"] / credit,
            "CREDIT_TO_GOODS_RATIO": credit / goods,
            "INCOME_TO_BIRTH_RATIO": income / birth,
            "ID_TO_BIRTH_RATIO": a["DAYS_ID_PUBLISH"] / birth,
            "CAR_TO_BIRTH_RATIO": a["OWN_CAR_AGE"] / birth,
            "CAR_TO_EMPLOYED_RATIO": a["OWN_CAR_AGE"] / employed,
            "PHONE_TO_BIRTH_RATIO": phone / birth,
            "APPS_EXT_SOURCE_STD": scores.std(axis=1),
            "APP_SCORE1_TO_BIRTH_RATIO": one / (birth / 365.25),
            "APP_SCORE2_TO_BIRTH_RATIO": two / (birth / 365.25),
            "APP_SCORE3_TO_BIRTH_RATIO": three / (birth / 365.25),
            "APP_EXT_SOURCE_2*EXT_SOURCE_3*DAYS_BIRTH": two * three * birth,
            "APP_SCORE1_TO_FAM_CNT_RATIO": one / a["family"],
            "APP_SCORE1_TO_GOODS_RATIO": one / goods,
            "APP_SCORE1_TO_CREDIT_RATIO": one / credit,
            "APP_SCORE1_TO_SCORE3_RATIO": one / three,
            "APP_SCORE2_TO_CREDIT_RATIO": two / credit,
            "APP_SCORE2_TO_REGION_RATING_RATIO": two / a["region_rating"],
            "APP_SCORE2_TO_CITY_RATING_RATIO": two / a["REGION_RATING_CLIENT_W_CITY"],
            "APP_SCORE2_TO_POP_RATIO": two / a["REGION_POPULATION_RELATIVE"],
            "APP_SCORE2_TO_PHONE_CHANGE_RATIO": two / phone,
            "APP_EXT_SOURCE_1*EXT_SOURCE_2": one * two,
            "APP_EXT_SOURCE_1*EXT_SOURCE_3": one * three,
            "APP_EXT_SOURCE_2*EXT_SOURCE_3": two * three,
            "APP_EXT_SOURCE_1*DAYS_EMPLOYED": one * employed,
            "APP_EXT_SOURCE_2*DAYS_EMPLOYED": two * employed,
            "APP_EXT_SOURCE_3*DAYS_EMPLOYED": three * employed,
            "APPS_GOODS_INCOME_RATIO": goods / income,
            "APP_DAYS_EMPLOYED_DAYS_BIRTH_diff": employed - birth,
        }
    )
