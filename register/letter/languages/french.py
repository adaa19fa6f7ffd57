# ruff: noqa: RUF001 - French texts have typographic apostrophes
"""The French letter. Change `letter.VERSION` with it.

As French typography asks, a space that does not break stands before a colon (U+00A0) and before
; ! ? (U+202F), inside guillemets and in numbers.
"""

from credit_scoring.explain.language.number_words import FRENCH_NUMBERS
from register.letter.languages.texts import Reasons, Texts

REASONS = Reasons(
    title="Les raisons principales",
    introduction=(
        "Voici les critères qui ont pesé le plus contre votre demande, en commençant par celui qui"
        " a pesé le plus. Une valeur habituelle est celle du milieu (la médiane) parmi {peers}."
    ),
    introduction_of_some=(
        "Voici des critères qui ont pesé contre votre demande, en commençant par celui qui a pesé"
        " le plus. Une valeur habituelle est celle du milieu (la médiane) parmi {peers}."
    ),
    peers={
        "near": "les demandeurs que nous acceptons de justesse",
        "all": "tous les demandeurs auxquels nous vous comparons",
    },
    score=(
        "Sur une échelle de 0 à 100, votre score est de {score}. Un score plus bas est meilleur, et"
        " nous acceptons les demandes dont le score est inférieur à la limite de {limit}."
    ),
    effects=(
        "Après chaque raison figure le score que vous auriez si ce seul critère comptait comme il"
        " compte en moyenne chez ces demandeurs."
    ),
    effect="Score sans cet écart\u00a0: environ {score}, {side}.",
    all_effects="Sans tous ces écarts à la fois\u00a0: environ {score}, {side}.",
    factor="Critère\u00a0: {label}.",
    value="Votre valeur\u00a0:\u00a0{value}.",
    typical="Valeur habituelle\u00a0:\u00a0{typical}\u202f; {direction}.",
    typical_only="Valeur habituelle\u00a0:\u00a0{typical}.",
    directions={
        "higher": "la vôtre est plus élevée",
        "lower": "la vôtre est plus basse",
        "later": "la vôtre est postérieure",
        "earlier": "la vôtre est antérieure",
        "nearer": "la vôtre est plus proche de zéro",
        "farther": "la vôtre est plus éloignée de zéro",
        "same": "la vôtre est la même, mais elle a compté contre vous plus qu’en moyenne",
    },
    missing="L’absence de cette valeur a compté contre vous.",
    below="inférieur à la limite",
    not_below="non inférieur à la limite",
    before=(
        "Avec les données d’avant les modifications de cette demande, le score aurait été de"
        " {score}, {side}."
    ),
    no_promise=(
        "Ces chiffres expliquent le calcul de votre score. Ils ne promettent rien pour une nouvelle"
        " demande, que nous étudierions de nouveau."
    ),
    on_request=(
        "Vous avez le droit de connaître les raisons précises de cette décision\u00a0: il suffit de"
        " nous les demander."
    ),
    on_request_days=(
        "Vous avez le droit de recevoir l’exposé des raisons précises de cette décision si vous"
        " nous le demandez dans les 60\u00a0jours qui suivent la réception de cette lettre. Nous"
        " vous l’enverrons dans les 30\u00a0jours qui suivent la réception de votre demande. Si"
        " nous vous donnons les raisons oralement, vous pouvez en obtenir la confirmation écrite."
    ),
)

FRENCH = Texts(
    language="fr",
    numbers=FRENCH_NUMBERS,
    reasons=REASONS,
    refused_title="Refus de votre demande de crédit",
    accepted_title="Acceptation de votre demande de crédit",
    date="Date de la décision\u00a0:",
    decision="Numéro de la décision\u00a0:",
    reference="Votre demande\u00a0:",
    client="Votre numéro de client\u00a0:",
    salutation="Madame, Monsieur,",
    refused=(
        "Nous avons étudié votre demande de crédit. Nous avons le regret de vous informer que nous"
        " l’avons refusée."
    ),
    accepted=(
        "Nous avons étudié votre demande de crédit. Nous avons le plaisir de vous informer que nous"
        " l’avons acceptée."
    ),
    closing="Nous vous prions d’agréer, Madame, Monsieur, nos salutations distinguées.",
    process_title="Comment la décision a été prise",
    automated=(
        "La décision du {date} a été fondée sur un traitement automatisé de vos données\u00a0: un"
        " ordinateur les a comparées à celles d’anciens clients et a calculé un score, qui a"
        " déterminé la décision."
    ),
    by_person=(
        "Un membre de notre personnel a pris la décision du {date}, à l’aide d’un score qu’un"
        " ordinateur a calculé par un traitement automatisé de vos données."
    ),
    confirmed=(
        "Une personne a réexaminé cette décision le {date} et l’a confirmée. Cette lettre vous"
        " donne le résultat de ce réexamen."
    ),
    changed=(
        "Une personne a réexaminé cette décision le {date} et l’a modifiée. Cette lettre vous donne"
        " le résultat de ce réexamen."
    ),
    requested=(
        "Le {date}, vous avez demandé le réexamen de cette décision. Une personne la réexaminera,"
        " et nous vous en communiquerons le résultat."
    ),
    data_title="Les données que nous avons utilisées",
    features="Données sur vous et sur votre demande\u00a0: {number}",
    known="Parmi elles, données connues de nous\u00a0: {number}",
    themes="Les raisons ci-dessus concernent\u00a0: {themes}",
    other_language=(
        "Les critères portent leur nom dans la langue de nos dossiers. Nous vous les expliquerons"
        " en français."
    ),
    rights_title="Vos droits",
    rights_introduction="Vous avez le droit\u00a0:",
    explanation=(
        "d’obtenir une explication de cette décision et du traitement de vos données qui l’a"
        " fondée\u202f;"
    ),
    point_of_view="de donner votre point de vue et de contester la décision\u202f;",
    review="de faire réexaminer la décision par une personne\u202f;",
    another_review="de faire réexaminer la décision une nouvelle fois par une personne\u202f;",
    access=(
        "de voir toutes les données que nous avons utilisées, et de faire corriger celles qui sont"
        " fausses."
    ),
    contact=(
        "Pour exercer ces droits, contactez-nous en indiquant le numéro de la décision\u00a0:"
    ),
    questions=(
        "Si vous souhaitez une explication de cette décision, donner votre point de vue ou faire"
        " réexaminer la décision par une personne, contactez-nous en indiquant le numéro de la"
        " décision\u00a0:"
    ),
    equal_credit_title="Avis prévu par l’Equal Credit Opportunity Act",
    equal_credit=(
        "La loi fédérale des États-Unis sur l’égalité d’accès au crédit (Equal Credit Opportunity"
        " Act) interdit aux créanciers toute discrimination envers les demandeurs de crédit fondée"
        " sur la race, la couleur, la religion, l’origine nationale, le sexe, la situation"
        " matrimoniale ou l’âge (si le demandeur a la capacité de conclure un contrat"
        " obligatoire)\u202f; sur le fait que tout ou partie du revenu du demandeur provient d’un"
        " programme d’aide publique\u202f; ou sur le fait que le demandeur a exercé de bonne foi un"
        " droit prévu par le Consumer Credit Protection Act. Cet avis est disponible en anglais sur"
        " demande. L’autorité fédérale qui veille à l’application de cette loi par ce créancier"
        " est\u00a0:"
    ),
    report_title="Avis prévu par le Fair Credit Reporting Act",
    report=(
        "Notre décision est fondée en tout ou en partie sur des informations contenues dans un"
        " rapport de cette agence d’évaluation du crédit\u00a0:",
        "Vous avez le droit de connaître les informations de votre dossier de crédit auprès de"
        " l’agence. L’agence n’a pris aucune part à notre décision et ne peut pas vous donner les"
        " raisons précises pour lesquelles nous vous avons refusé le crédit.",
        "Vous avez le droit d’obtenir de l’agence une copie gratuite de votre rapport si vous la"
        " demandez au plus tard 60\u00a0jours après la réception de cet avis. Si des informations"
        " du rapport sont inexactes ou incomplètes, vous avez le droit de les contester auprès de"
        " l’agence.",
    ),
    template="Modèle de lettre {version}, français.",
)
