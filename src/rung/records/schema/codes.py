"""Code lists about people: what is stored, what people read, and how the field spells it.

Federal codes are the Participant Individual Record Layout's (PIRL). A federal code for "did not
say" or "not yet known" becomes a state of the cell, never a code of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from rung.records.schema.types import CodeList

STATES: Mapping[str, str] = {
    "value": "There is a value",
    "blank": "Nothing was written",
    "not_applicable": "The question does not apply",
    "unknown": "Someone wrote that it is not known",
    "declined": "The person did not want to say",
    "pending": "Not known yet; it will be",
    "invalid": "Something was written that cannot be read",
}
"""What a cell can be. A value map may send a raw value to a state in place of a code."""

STATE_WORDS: Mapping[str, tuple[str, ...]] = {
    "blank": ("-", "--", "---", ".", "blank", "null", "none given", "nan", "#n/a", "nil"),
    "not_applicable": ("n/a", "na", "not applicable", "does not apply", "n.a.", "not app"),
    "unknown": (
        "unknown", "unk", "not known", "don't know", "dont know", "do not know", "?", "??",
        "not sure", "unsure", "missing", "not reported", "unreported", "not recorded",
        "not collected", "data not collected", "client doesn't know",
    ),
    "declined": (
        "declined", "declined to answer", "decline to state", "decline to answer", "refused",
        "client refused", "prefer not to say", "prefer not to answer", "prefer not to disclose",
        "did not disclose", "did not self-identify", "did not self identify", "did not answer",
        "not disclosed", "choose not to disclose", "chose not to answer", "no response",
    ),
    "pending": (
        "pending", "tbd", "to be determined", "not yet", "not yet available", "in progress",
        "too soon", "not due", "not yet due", "awaiting", "awaiting results", "ongoing",
    ),
}  # fmt: skip
"""Raw spellings of a state, lower case, wherever they stand."""

YES = (
    "yes", "y", "true", "t", "1", "x", "✓", "✔", "☑", "checked", "done", "complete", "completed",
    "si", "sí", "yep", "yeah", "ok", "on", "1=yes", "1 - yes", "positive",
)  # fmt: skip
NO = (
    "no", "n", "false", "f", "0", "not checked", "unchecked", "☐", "off", "nope",
    "not completed", "incomplete", "did not complete", "0=no", "0 - no", "none", "never",
)  # fmt: skip

YES_NO = CodeList(
    codes={"yes": "Yes", "no": "No"},
    spelt={"yes": YES, "no": NO},
    pirl={"1": "yes", "0": "no", "9": "declined"},
    source="pirl",
)

GENDER = CodeList(
    codes={
        "female": "Women",
        "male": "Men",
        "nonbinary": "Non-binary people",
        "another": "Another gender",
    },
    spelt={
        "female": (
            "f", "female", "woman", "women", "girl", "fem", "w", "cis woman", "cis female",
            "trans woman", "transgender woman", "transgender female", "mujer", "femenino",
            "f - female", "2 - female", "female (she/her)", "she/her", "2=female",
        ),
        "male": (
            "m", "male", "man", "men", "boy", "cis man", "cis male", "trans man",
            "transgender man", "transgender male", "hombre", "masculino", "m - male",
            "1 - male", "male (he/him)", "he/him", "1=male",
        ),
        "nonbinary": (
            "nb", "x", "nonbinary", "non-binary", "non binary", "genderqueer", "gender fluid",
            "genderfluid", "gender nonconforming", "gender non-conforming", "they/them", "enby",
            "non-binary/third gender", "gender non conforming",
        ),
        "another": (
            "other", "o", "another gender", "self-describe", "prefer to self-describe",
            "transgender", "trans", "two-spirit", "two spirit", "different identity",
        ),
    },
    pirl={"1": "male", "2": "female", "9": "declined"},
    asked={"female": "Female", "male": "Male", "nonbinary": "Non-binary"},
    source="pirl",
)  # fmt: skip

RACE = CodeList(
    codes={
        "american_indian": "American Indian or Alaska Native",
        "asian": "Asian",
        "black": "Black or African American",
        "hispanic": "Hispanic or Latino",
        "middle_eastern": "Middle Eastern or North African",
        "pacific_islander": "Native Hawaiian or Pacific Islander",
        "white": "White",
        "several": "More than one, not said which",
        "another": "Another race or ethnicity",
    },
    spelt={
        "american_indian": (
            "american indian", "native american", "american indian or alaska native",
            "american indian/alaska native", "american indian / alaska native", "aian", "ai/an",
            "alaska native", "indigenous", "american indian or alaskan native", "first nations",
            "american indian/alaskan native", "native american or alaska native",
            "native american/alaska native", "am indian", "amind",
        ),
        "asian": (
            "asian", "asian american", "a", "south asian", "east asian", "southeast asian",
            "chinese", "vietnamese", "filipino", "asian indian", "korean", "japanese", "hmong",
        ),
        "black": (
            "black", "african american", "african-american", "black or african american",
            "black/african american", "black / african american", "b", "aa", "afro-american",
            "black (non-hispanic)", "black non-hispanic", "african", "black/african-american",
            "black or african-american", "caribbean", "haitian", "b/aa", "afam",
        ),
        "hispanic": (
            "hispanic", "latino", "latina", "latinx", "latine", "hispanic or latino", "h",
            "hispanic/latino", "hispanic / latino", "hispanic/latinx", "latino/a", "chicano",
            "hispanic or latina", "hispanic or latinx", "hispanic/latina", "latino/hispanic",
            "mexican", "puerto rican", "hisp", "hispano", "latin", "hispanic/latino/a",
            "hispanic or latino/a", "hispanic, latino or spanish origin", "latina/o", "latinx/a/o",
        ),
        "middle_eastern": (
            "middle eastern", "north african", "mena", "arab", "arab american",
            "middle eastern or north african", "middle eastern/north african",
        ),
        "pacific_islander": (
            "pacific islander", "native hawaiian", "nhpi", "nhopi", "hawaiian", "samoan",
            "native hawaiian or pacific islander", "native hawaiian/pacific islander",
            "native hawaiian or other pacific islander", "nh/pi", "pi",
            "native hawaiian/other pacific islander", "native hawaiian / other pacific islander",
        ),
        "white": (
            "white", "caucasian", "w", "white (non-hispanic)", "white non-hispanic", "anglo",
            "white/caucasian", "european american", "white or caucasian", "wh", "cauc",
        ),
        "several": (
            "multiracial", "multi-racial", "two or more", "two or more races", "more than one",
            "more than one race", "biracial", "mixed", "mixed race", "multiple", "multi-ethnic",
            "multiple races", "multiracial and/or multiethnic", "2 or more races", "2+",
            "two+ races", "multi",
        ),
        "another": ("other", "other race", "some other race", "another race", "o", "other/mixed"),
    },
    source="spd15",
)  # fmt: skip

RACE_QUESTION = CodeList(
    codes={
        "omb1997": "Two questions: Hispanic or not, then race (1997 standard)",
        "omb2024": "One question, seven categories, choose all (2024 standard)",
        "own": "The provider's own question",
    },
    spelt={
        "omb1997": ("1997", "two questions", "separate"),
        "omb2024": ("2024", "combined", "one question"),
        "own": ("own", "custom"),
    },
    source="spd15",
)

EDUCATION = CodeList(
    codes={
        "no_diploma": "No high-school diploma",
        "hs_diploma": "High-school diploma",
        "hs_equivalency": "High-school equivalency (GED, HiSET)",
        "attendance": "Certificate of attendance",
        "some_college": "Some college, no degree",
        "certificate": "Postsecondary certificate",
        "associate": "Associate degree",
        "bachelor": "Bachelor's degree",
        "graduate": "More than a bachelor's degree",
    },
    spelt={
        "no_diploma": (
            "less than high school", "less than hs", "<hs", "< hs", "no diploma", "none",
            "some high school", "some hs", "no hs diploma", "below high school", "did not finish",
            "did not graduate", "no high school diploma", "grade school", "9th grade",
            "10th grade", "11th grade", "8th grade", "elementary", "middle school", "lths",
            "no ged", "less than high school diploma", "no credential", "no hs diploma or ged",
        ),
        "hs_diploma": (
            "high school", "hs", "hs diploma", "high school diploma", "high school graduate",
            "hs grad", "hs graduate", "diploma", "12th grade", "hsd", "high school/ged",
            "hs/ged", "high school diploma/ged", "hs diploma/ged", "high school or equivalent",
            "high school diploma or equivalent", "hs diploma or equivalent", "secondary school",
            "high school diploma or ged", "hs or ged", "h.s. diploma", "high school grad",
        ),
        "hs_equivalency": (
            "ged", "hiset", "tasc", "hse", "high school equivalency", "equivalency",
            "hs equivalency", "ged/hiset", "hs equivalent", "ged/hse", "ged or equivalent",
            "high school equivalent", "hs equivalency diploma",
        ),
        "attendance": ("certificate of attendance", "iep certificate", "certificate of completion",
                       "iep diploma"),
        "some_college": (
            "some college", "some college, no degree", "college, no degree", "some postsecondary",
            "1+ years postsecondary", "some college no degree", "attended college",
            "currently in college", "college (no degree)", "one or more years of postsecondary",
        ),
        "certificate": (
            "certificate", "vocational", "trade school", "vocational certificate", "technical",
            "technical certificate", "vocational/technical", "postsecondary certificate",
            "trade/technical", "vocational training", "trade certificate", "vocational degree",
            "technical school", "trade/vocational",
        ),
        "associate": (
            "associate", "associates", "associate's", "associate degree", "associate's degree",
            "associates degree", "aa", "as", "aas", "2 year degree", "2-year degree",
            "two-year degree", "aa/as", "community college degree",
        ),
        "bachelor": (
            "bachelor", "bachelors", "bachelor's", "bachelor degree", "bachelor's degree",
            "bachelors degree", "ba", "bs", "ba/bs", "4 year degree", "4-year degree",
            "four-year degree", "college degree", "college graduate", "college grad", "college",
        ),
        "graduate": (
            "graduate", "graduate degree", "masters", "master's", "master's degree", "master",
            "masters degree", "ma", "ms", "mba", "phd", "doctorate", "professional degree",
            "advanced degree", "beyond bachelor", "graduate or professional degree", "md", "jd",
            "master's or higher", "post graduate",
        ),
    },
    pirl={
        "1": "hs_diploma", "2": "hs_equivalency", "3": "attendance", "4": "some_college",
        "5": "certificate", "6": "associate", "7": "bachelor", "8": "graduate", "0": "no_diploma",
    },
    source="pirl",
)  # fmt: skip

WORK_AT_ENTRY = CodeList(
    codes={
        "employed": "Employed",
        "notice": "Employed, with notice of layoff",
        "not_in_labor_force": "Not looking for work",
        "unemployed": "Unemployed",
    },
    spelt={
        "employed": (
            "employed", "working", "full time", "full-time", "part time", "part-time", "ft", "pt",
            "yes", "y", "self-employed", "employed full time", "employed part time",
            "employed full-time", "employed part-time", "underemployed", "temporary", "seasonal",
            "gig", "self employed", "per diem",
        ),
        "notice": ("employed with notice", "notice of termination", "laid off with notice",
                   "employed with termination notice", "employed, received notice of termination"),
        "not_in_labor_force": ("not in labor force", "not in the labor force", "nilf", "student",
                               "retired", "homemaker", "disabled", "not looking",
                               "unable to work", "stay at home parent"),
        "unemployed": ("unemployed", "not working", "not employed", "no", "n", "laid off",
                       "looking for work", "out of work", "between jobs", "job seeker"),
    },
    pirl={"1": "employed", "2": "notice", "3": "not_in_labor_force", "0": "unemployed"},
    source="pirl",
)  # fmt: skip

UI_STATUS = CodeList(
    codes={
        "claimant_resea": "Claimant, referred by RESEA",
        "claimant_wprs": "Claimant, referred by WPRS",
        "claimant": "Claimant, not referred",
        "exhaustee": "Used up their benefits",
        "exempt": "Exempt",
        "neither": "Neither claimant nor exhaustee",
    },
    spelt={
        "claimant": ("claimant", "receiving", "receiving ui", "yes", "eligible claimant"),
        "exhaustee": ("exhaustee", "exhausted", "benefits exhausted"),
        "neither": ("neither", "no", "none", "not a claimant", "not receiving"),
    },
    pirl={"1": "claimant_resea", "2": "claimant_wprs", "3": "claimant", "4": "exhaustee",
          "5": "exempt", "0": "neither"},
    source="pirl",
)  # fmt: skip

SCHOOL_STATUS = CodeList(
    codes={
        "in_secondary": "In secondary school or less",
        "in_alternative": "In alternative school",
        "in_postsecondary": "In postsecondary school",
        "left": "Not attending, no diploma",
        "finished": "Not attending, finished high school",
        "compulsory_age": "Not attending, of compulsory age",
    },
    spelt={
        "in_secondary": ("in school", "in high school", "in-school, h.s. or less", "secondary"),
        "in_alternative": ("alternative school", "in alternative school"),
        "in_postsecondary": ("in college", "postsecondary", "in-school, post-h.s.", "college"),
        "left": ("dropout", "not attending school or h.s. dropout", "out of school"),
        "finished": ("graduate", "not attending school; h.s. graduate", "not in school"),
    },
    pirl={"1": "in_secondary", "2": "in_alternative", "3": "in_postsecondary", "4": "left",
          "5": "finished", "6": "compulsory_age"},
    source="pirl",
)  # fmt: skip

SSI = CodeList(
    codes={"ssi": "SSI", "ssdi": "SSDI", "both": "SSI and SSDI", "neither": "Neither"},
    spelt={"ssi": ("ssi",), "ssdi": ("ssdi",), "both": ("both", "ssi and ssdi", "ssi/ssdi"),
           "neither": ("neither", "no", "none", "n")},
    pirl={"1": "ssi", "2": "ssdi", "3": "both", "4": "ssi", "5": "ssdi", "6": "both",
          "0": "neither"},
    source="pirl",
)  # fmt: skip

HOUSING = CodeList(
    codes={
        "owns": "Owns a home",
        "rents": "Rents",
        "subsidised": "Public or subsidised housing",
        "shared": "Staying with family or friends",
        "shelter": "Shelter or transitional housing",
        "unhoused": "No regular place to sleep",
    },
    spelt={
        "owns": ("own", "owns", "homeowner", "owner"),
        "rents": ("rent", "rents", "renter", "renting", "stable", "stably housed"),
        "subsidised": (
            "public housing",
            "section 8",
            "subsidized",
            "subsidized housing",
            "hcv",
            "voucher",
        ),
        "shared": (
            "doubled up",
            "family",
            "with family",
            "with friends",
            "couch surfing",
            "staying with family",
            "living with family",
            "staying with friends",
            "parents",
        ),
        "shelter": ("shelter", "transitional", "transitional housing", "emergency shelter"),
        "unhoused": ("homeless", "unhoused", "street", "unsheltered", "car"),
    },
)

CONSENT_SCOPE = CodeList(
    codes={
        "wage_records": "Wage records of the state",
        "employment": "Employment and pay, from employers or the person",
        "services": "Services, attendance and progress",
        "education": "School and training records",
        "benefits": "Public benefits",
        "contact": "Contact details",
        "stories": "Photos and stories",
    },
    spelt={
        "wage_records": (
            "wage records", "wages", "wage record", "ui wages", "ui wage records",
            "wage data", "state wage records", "unemployment insurance wage records",
            "quarterly wages", "earnings records",
        ),
        "employment": (
            "employment", "employment verification", "employer contact", "job information",
            "employment records",
        ),
        "services": (
            "services", "attendance", "case notes", "program records", "progress",
            "program participation",
        ),
        "education": (
            "education", "education records", "school records", "ferpa", "training records",
            "transcripts",
        ),
        "benefits": ("benefits", "public benefits", "snap", "tanf", "public assistance"),
        "contact": ("contact", "contact information", "contact details"),
        "stories": ("photos", "photo", "media", "stories", "success story", "marketing"),
    },
)  # fmt: skip

ENGAGEMENT_ROLE = CodeList(
    codes={"client": "Takes part", "volunteer": "Volunteer", "staff": "Service provider or staff"},
    spelt={
        "client": ("client", "participant", "student", "learner", "member", "trainee"),
        "volunteer": ("volunteer", "mentor", "tutor"),
        "staff": ("service provider", "provider", "staff", "instructor", "facilitator"),
    },
)
