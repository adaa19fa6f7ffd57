"""The English letter. Change `letter.VERSION` with it."""

from credit_scoring.explain.language.number_words import ENGLISH_NUMBERS
from register.letter.languages.texts import Reasons, Texts

REASONS = Reasons(
    title="The principal reasons",
    introduction=(
        "These factors weighed most against your application, the heaviest first."
        " A typical value is the middle one (the median) among {peers}."
    ),
    introduction_of_some=(
        "These factors weighed against your application, the heaviest first."
        " A typical value is the middle one (the median) among {peers}."
    ),
    peers={
        "near": "applicants whom we only just accept",
        "all": "all applicants with whom we compare",
    },
    score=(
        "On a scale from 0 to 100, your score is {score}. A lower score is better, and we accept"
        " applications below the limit of {limit}."
    ),
    effects=(
        "After each reason stands the score that you would have if this factor alone counted as it"
        " does on average among those applicants."
    ),
    effect="Score without this difference: about {score}, {side}.",
    all_effects="Without all these differences together: about {score}, {side}.",
    factor="Factor: {label}.",
    value="Your value:\u00a0{value}.",
    typical="Typical value:\u00a0{typical}; {direction}.",
    typical_only="Typical value:\u00a0{typical}.",
    directions={
        "higher": "yours is higher",
        "lower": "yours is lower",
        "later": "yours is later",
        "earlier": "yours is earlier",
        "nearer": "yours is nearer to zero",
        "farther": "yours is farther from zero",
        "same": "yours is the same, but counted more against you than on average",
    },
    missing="The missing value counted against you.",
    below="below the limit",
    not_below="not below the limit",
    before=(
        "With the data from before the changes to this application, the score would have been"
        " {score}, {side}."
    ),
    no_promise=(
        "These figures explain how your score was calculated. They promise nothing for a new"
        " application, which we assess afresh."
    ),
    on_request="You have the right to the specific reasons for this decision: please ask us.",
    on_request_days=(
        "You have the right to a statement of the specific reasons for this decision if you ask us"
        " within 60 days after you receive this letter. We will send it within 30 days after we"
        " receive your request. If we tell you the reasons orally, you may have them confirmed in"
        " writing."
    ),
)

ENGLISH = Texts(
    language="en",
    numbers=ENGLISH_NUMBERS,
    reasons=REASONS,
    refused_title="Refusal of your application for credit",
    accepted_title="Acceptance of your application for credit",
    date="Date of the decision:",
    decision="Number of the decision:",
    reference="Your application:",
    client="Your client number:",
    salutation="Dear Sir or Madam,",
    refused=(
        "We have assessed your application for credit. We are sorry to tell you that we have"
        " refused it."
    ),
    accepted=(
        "We have assessed your application for credit. We are pleased to tell you that we have"
        " accepted it."
    ),
    closing="Yours faithfully,",
    process_title="How the decision was taken",
    automated=(
        "The decision of {date} was based on automated processing of your data: a computer compared"
        " them with those of earlier clients and calculated a score, which determined the"
        " decision."
    ),
    by_person=(
        "A member of our staff took the decision of {date}, with the help of a score that a"
        " computer calculated by automated processing of your data."
    ),
    confirmed=(
        "A person reviewed this decision on {date} and confirmed it. This letter gives the result"
        " of that review."
    ),
    changed=(
        "A person reviewed this decision on {date} and changed it. This letter gives the result of"
        " that review."
    ),
    requested=(
        "On {date} you asked for a review of this decision. A person will review it, and we will"
        " tell you the result."
    ),
    data_title="The data that we used",
    features="Items of data on you and your application: {number}",
    known="Of these, known to us: {number}",
    themes="The reasons above are about: {themes}",
    other_language=(
        "Factors are named in the language of our records. We will explain them to you in English."
    ),
    rights_title="Your rights",
    rights_introduction="You have the right:",
    explanation="to an explanation of this decision and of the processing of your data behind it;",
    point_of_view="to give your own point of view and to contest the decision;",
    review="to have the decision reviewed by a person;",
    another_review="to have the decision reviewed by a person once more;",
    access="to see all data that we used, and to have wrong data corrected.",
    contact="To use these rights, contact us and give the number of the decision:",
    questions=(
        "If you would like an explanation of this decision, wish to give your own point of view, or"
        " want a person to review it, contact us and give the number of the decision:"
    ),
    equal_credit_title="Notice under the Equal Credit Opportunity Act",
    equal_credit=(
        "The Federal Equal Credit Opportunity Act prohibits creditors from discriminating against"
        " credit applicants on the basis of race, color, religion, national origin, sex, marital"
        " status, age (provided the applicant has the capacity to enter into a binding contract);"
        " because all or part of the applicant\u2019s income derives from any public assistance"
        " program; or because the applicant has in good faith exercised any right under the"
        " Consumer Credit Protection Act. The Federal agency that administers compliance with this"
        " law concerning this creditor is:"
    ),
    report_title="Notice under the Fair Credit Reporting Act",
    report=(
        "Our decision was based in whole or in part on information obtained in a report from this"
        " consumer reporting agency:",
        "You have a right to know the information contained in your credit file at the consumer"
        " reporting agency. The agency played no part in our decision and is unable to supply"
        " specific reasons why we have denied credit to you.",
        "You have a right to a free copy of your report from the agency if you request it no later"
        " than 60 days after you receive this notice. If you find that any information in the"
        " report is inaccurate or incomplete, you have the right to dispute the matter with the"
        " agency.",
    ),
    template="Letter template {version}, English.",
)
