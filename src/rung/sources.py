"""The bibliography: one entry a paper, cited by key wherever a method, rule or fact rests on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One publication, rule or data set."""

    key: str
    authors: str
    year: int
    title: str
    venue: str
    link: str = ""

    def __str__(self) -> str:
        end = f" {self.link}" if self.link else ""
        return f"{self.authors} ({self.year}). {self.title}. {self.venue}.{end}"


_ENTRIES = (
    Source(
        "wilson1927",
        "Wilson, E. B.",
        1927,
        "Probable inference, the law of succession, and statistical inference",
        "Journal of the American Statistical Association 22(158), 209-212",
        "https://doi.org/10.1080/01621459.1927.10502953",
    ),
    Source(
        "stewart2007",
        "Stewart, M. B.",
        2007,
        "The interrelated dynamics of unemployment and low-wage employment",
        "Journal of Applied Econometrics 22(3), 511-531",
    ),
    Source(
        "shildrick2012",
        "Shildrick, T., MacDonald, R., Webster, C. and Garthwaite, K.",
        2012,
        "Poverty and Insecurity: Life in Low-Pay, No-Pay Britain",
        "Policy Press",
    ),
    Source(
        "newcombe1998",
        "Newcombe, R. G.",
        1998,
        "Interval estimation for the difference between independent proportions: "
        "comparison of eleven methods",
        "Statistics in Medicine 17(8), 873-890",
    ),
    Source(
        "lin2013",
        "Lin, W.",
        2013,
        "Agnostic notes on regression adjustments to experimental data: "
        "reexamining Freedman's critique",
        "Annals of Applied Statistics 7(1), 295-318",
        "https://doi.org/10.1214/12-AOAS583",
    ),
    Source(
        "neyman1923",
        "Neyman, J. (translated by Dabrowska, D. M. and Speed, T. P., 1990)",
        1923,
        "On the application of probability theory to agricultural experiments",
        "Statistical Science 5(4), 465-472",
    ),
    Source(
        "mackinnon1985",
        "MacKinnon, J. G. and White, H.",
        1985,
        "Some heteroskedasticity-consistent covariance matrix estimators "
        "with improved finite sample properties",
        "Journal of Econometrics 29(3), 305-325",
        "https://doi.org/10.1016/0304-4076(85)90158-7",
    ),
    Source(
        "samii2012",
        "Samii, C. and Aronow, P. M.",
        2012,
        "On equivalencies between design-based and regression-based variance estimators "
        "for randomized experiments",
        "Statistics & Probability Letters 82(2), 365-370",
    ),
    Source(
        "welch1947",
        "Welch, B. L.",
        1947,
        "The generalization of 'Student's' problem when several different "
        "population variances are involved",
        "Biometrika 34(1-2), 28-35",
    ),
    Source(
        "freedman2008",
        "Freedman, D. A.",
        2008,
        "On regression adjustments to experimental data",
        "Advances in Applied Mathematics 40(2), 180-193",
    ),
    Source(
        "zhao2024",
        "Zhao, A. and Ding, P.",
        2024,
        "To adjust or not to adjust? Estimating the average treatment effect "
        "in randomized experiments with missing covariates",
        "Journal of the American Statistical Association 119(545), 450-460",
    ),
    Source(
        "chan1983",
        "Chan, T. F., Golub, G. H. and LeVeque, R. J.",
        1983,
        "Algorithms for computing the sample variance: analysis and recommendations",
        "The American Statistician 37(3), 242-247",
    ),
    Source(
        "ashenfelter1978",
        "Ashenfelter, O.",
        1978,
        "Estimating the effect of training programs on earnings",
        "Review of Economics and Statistics 60(1), 47-57",
    ),
    Source(
        "lalonde1986",
        "LaLonde, R. J.",
        1986,
        "Evaluating the econometric evaluations of training programs with experimental data",
        "American Economic Review 76(4), 604-620",
    ),
    Source(
        "dehejia1999",
        "Dehejia, R. H. and Wahba, S.",
        1999,
        "Causal effects in nonexperimental studies: "
        "reevaluating the evaluation of training programs",
        "Journal of the American Statistical Association 94(448), 1053-1062",
    ),
    Source(
        "mdrc1980",
        "Manpower Demonstration Research Corporation",
        1980,
        "Summary and Findings of the National Supported Work Demonstration",
        "Ballinger, Cambridge MA",
    ),
    Source(
        "mdrc-eml",
        "MDRC",
        2024,
        "The Economic Mobility Lab process framework",
        "MDRC, New York",
    ),
    Source(
        "holm1979",
        "Holm, S.",
        1979,
        "A simple sequentially rejective multiple test procedure",
        "Scandinavian Journal of Statistics 6(2), 65-70",
    ),
    Source(
        "kaplan1958",
        "Kaplan, E. L. and Meier, P.",
        1958,
        "Nonparametric estimation from incomplete observations",
        "Journal of the American Statistical Association 53(282), 457-481",
    ),
    Source(
        "pirl",
        "US Department of Labor, Employment and Training Administration",
        2022,
        "Participant Individual Record Layout (ETA-9170) and the WIOA Performance Records "
        "public use file record layout, PY2022",
        "US Department of Labor",
        "https://www.dol.gov/agencies/eta/performance",
    ),
    Source(
        "spd15",
        "Office of Management and Budget",
        2024,
        "Revisions to Statistical Policy Directive No. 15: standards for maintaining, collecting, "
        "and presenting federal data on race and ethnicity",
        "Federal Register 89, 22182",
    ),
    Source(
        "pmm",
        "Salesforce.org",
        2023,
        "Program Management Module, object and field definitions",
        "Open-source repository SalesforceFoundation/PMM",
        "https://github.com/SalesforceFoundation/PMM",
    ),
    Source(
        "tac1701",
        "US Department of Education, Rehabilitation Services Administration",
        2024,
        "Performance accountability guidance for WIOA core programs (TAC-17-01; joint with "
        "TEGL 10-16, Change 3, and OCTAE PM 17-2)",
        "Technical Assistance Circular, 11 June 2024",
    ),
    Source(
        "tac1704",
        "US Department of Education, Rehabilitation Services Administration",
        2025,
        "Guidance on the use of supplemental wage information (TAC-17-04; joint with TEGL 26-16)",
        "Technical Assistance Circular, 10 July 2025",
    ),
    Source(
        "tac1901",
        "US Department of Education, Rehabilitation Services Administration",
        2025,
        "Guidance for validating jointly required performance data (TAC-19-01; joint with "
        "TEGL 7-18)",
        "Technical Assistance Circular, 10 July 2025",
    ),
    Source(
        "wioa116",
        "United States",
        2014,
        "Workforce Innovation and Opportunity Act, section 116(b)(2)(A); 20 CFR 677.150 to "
        "677.175; same-employer rule of 89 FR 13814",
        "29 USC 3141",
    ),
    Source(
        "manski1990",
        "Manski, C. F.",
        1990,
        "Nonparametric bounds on treatment effects",
        "American Economic Review: Papers and Proceedings 80(2), 319-323",
        "https://www.jstor.org/stable/2006592",
    ),
    Source(
        "fischetti2001",
        "Fischetti, M. and Salazar, J. J.",
        2001,
        "Solving the cell suppression problem on tabular data with linear constraints",
        "Management Science 47(7), 1008-1027",
    ),
    Source(
        "cowell2011",
        "Cowell, F. A.",
        2011,
        "Measuring Inequality",
        "Oxford University Press, 3rd edition",
    ),
    Source(
        "deville1999",
        "Deville, J.-C.",
        1999,
        "Variance estimation for complex statistics and estimators: linearization and residual "
        "techniques",
        "Survey Methodology 25(2), 193-203",
    ),
    Source(
        "atkinson1970",
        "Atkinson, A. B.",
        1970,
        "On the measurement of inequality",
        "Journal of Economic Theory 2(3), 244-263",
        "https://doi.org/10.1016/0022-0531(70)90039-6",
    ),
    Source("theil1967", "Theil, H.", 1967, "Economics and Information Theory", "North-Holland"),
    Source(
        "palma2011",
        "Palma, J. G.",
        2011,
        "Homogeneous middles vs. heterogeneous tails, and the end of the 'inverted-U': "
        "it's all about the share of the rich",
        "Development and Change 42(1), 87-153",
        "https://doi.org/10.1111/j.1467-7660.2011.01694.x",
    ),
    Source(
        "woodruff1952",
        "Woodruff, R. S.",
        1952,
        "Confidence intervals for medians and other position measures",
        "Journal of the American Statistical Association 47(260), 635-646",
    ),
    Source(
        "chetty2018",
        "Chetty, R., Friedman, J. N., Hendren, N., Jones, M. R. and Porter, S. R.",
        2018,
        "The Opportunity Atlas: mapping the childhood roots of social mobility",
        "NBER Working Paper 25147",
        "https://opportunityinsights.org/paper/the-opportunity-atlas/",
    ),
    Source(
        "chetty2022",
        "Chetty, R., Jackson, M. O., Kuchler, T., Stroebel, J. and others",
        2022,
        "Social capital I: measurement and associations with economic mobility",
        "Nature 608, 108-121",
        "https://doi.org/10.1038/s41586-022-04996-4",
    ),
    Source(
        "urban2022",
        "Urban Institute",
        2022,
        "Boosting Upward Mobility: Metrics to Inform Local Action, 2nd edition",
        "Urban Institute; data catalog and data dictionary",
        "https://upward-mobility.urban.org/",
    ),
    Source(
        "mogstad2024",
        "Mogstad, M., Romano, J. P., Shaikh, A. M. and Wilhelm, D.",
        2024,
        "Inference for ranks with applications to mobility across neighbourhoods and academic "
        "achievement across countries",
        "Review of Economic Studies 91(1), 476-518",
        "https://doi.org/10.1093/restud/rdad006",
    ),
    Source(
        "efron1973",
        "Efron, B. and Morris, C.",
        1973,
        "Stein's estimation rule and its competitors: an empirical Bayes approach",
        "Journal of the American Statistical Association 68(341), 117-130",
    ),
    Source(
        "bonett2000",
        "Bonett, D. G. and Wright, T. A.",
        2000,
        "Sample size requirements for estimating Pearson, Kendall and Spearman correlations",
        "Psychometrika 65(1), 23-28",
    ),
    Source(
        "lorenz1905",
        "Lorenz, M. O.",
        1905,
        "Methods of measuring the concentration of wealth",
        "Publications of the American Statistical Association 9(70), 209-219",
    ),
    Source(
        "shorrocks1980",
        "Shorrocks, A. F.",
        1980,
        "The class of additively decomposable inequality measures",
        "Econometrica 48(3), 613-625",
    ),
    Source(
        "lambert1993",
        "Lambert, P. J. and Aronson, J. R.",
        1993,
        "Inequality decomposition analysis and the Gini coefficient revisited",
        "The Economic Journal 103(420), 1221-1227",
    ),
    Source(
        "mookherjee1982",
        "Mookherjee, D. and Shorrocks, A.",
        1982,
        "A decomposition analysis of the trend in UK income inequality",
        "The Economic Journal 92(368), 886-902",
    ),
    Source(
        "athey2019",
        "Athey, S., Chetty, R., Imbens, G. W. and Kang, H.",
        2019,
        "The surrogate index: combining short-term proxies to estimate long-term treatment effects "
        "more rapidly and precisely",
        "NBER Working Paper 26463",
        "https://doi.org/10.3386/w26463",
    ),
    Source(
        "hendren2020",
        "Hendren, N. and Sprung-Keyser, B.",
        2020,
        "A unified welfare analysis of government policies",
        "Quarterly Journal of Economics 135(3), 1209-1318",
        "https://doi.org/10.1093/qje/qjaa006",
    ),
    Source(
        "fieller1954",
        "Fieller, E. C.",
        1954,
        "Some problems in interval estimation",
        "Journal of the Royal Statistical Society B 16(2), 175-185",
    ),
    Source(
        "luxburg2009",
        "von Luxburg, U. and Franz, V. H.",
        2009,
        "A geometric approach to confidence sets for ratios: Fieller's theorem, generalizations "
        "and bootstrap",
        "Statistica Sinica 19(3), 1095-1117",
    ),
    Source(
        "gleser1987",
        "Gleser, L. J. and Hwang, J. T.",
        1987,
        "The nonexistence of 100(1 - alpha)% confidence sets of finite expected diameter in "
        "errors-in-variables and related models",
        "Annals of Statistics 15(4), 1351-1362",
    ),
    Source(
        "boardman2018",
        "Boardman, A. E., Greenberg, D. H., Vining, A. R. and Weimer, D. L.",
        2018,
        "Cost-Benefit Analysis: Concepts and Practice",
        "Cambridge University Press, 5th edition",
    ),
    Source(
        "lorie1955",
        "Lorie, J. H. and Savage, L. J.",
        1955,
        "Three problems in rationing capital",
        "Journal of Business 28(4), 229-239",
    ),
    Source(
        "greenbook2022",
        "HM Treasury",
        2022,
        "The Green Book: Central Government Guidance on Appraisal and Evaluation, annex 3",
        "HM Treasury, London",
    ),
    Source(
        "crepon2013",
        "Crepon, B., Duflo, E., Gurgand, M., Rathelot, R. and Zamora, P.",
        2013,
        "Do labor market policies have displacement effects? Evidence from a clustered "
        "randomized experiment",
        "Quarterly Journal of Economics 128(2), 531-580",
        "https://doi.org/10.1093/qje/qjt001",
    ),
    Source(
        "heckmansmith1999",
        "Heckman, J. J. and Smith, J. A.",
        1999,
        "The pre-programme earnings dip and the determinants of participation in a social "
        "programme: implications for simple programme evaluation strategies",
        "Economic Journal 109(457), 313-348",
        "https://doi.org/10.1111/1468-0297.00451",
    ),
    Source(
        "liang1986",
        "Liang, K.-Y. and Zeger, S. L.",
        1986,
        "Longitudinal data analysis using generalized linear models",
        "Biometrika 73(1), 13-22",
        "https://doi.org/10.1093/biomet/73.1.13",
    ),
    Source(
        "bonett2012",
        "Bonett, D. G. and Price, R. M.",
        2012,
        "Adjusted Wald confidence interval for a difference of binomial proportions based on "
        "paired data",
        "Journal of Educational and Behavioral Statistics 37(4), 479-488",
        "https://doi.org/10.3102/1076998611411915",
    ),
    Source(
        "imbens2004",
        "Imbens, G. W. and Manski, C. F.",
        2004,
        "Confidence intervals for partially identified parameters",
        "Econometrica 72(6), 1845-1857",
        "https://doi.org/10.1111/j.1468-0262.2004.00555.x",
    ),
    Source(
        "hhs-guidelines",
        "U.S. Department of Health and Human Services",
        2026,
        "Annual update of the HHS poverty guidelines, 2017 to 2026 (that of 2026: 91 FR 1797)",
        "Federal Register",
        "https://aspe.hhs.gov/topics/poverty-economic-mobility/poverty-guidelines",
    ),
    Source(
        "oews",
        "U.S. Bureau of Labor Statistics",
        2026,
        "Occupational Employment and Wage Statistics: percentiles of hourly wages by area",
        "Bureau of Labor Statistics",
        "https://www.bls.gov/oes/",
    ),
    Source(
        "revproc2024-40",
        "Internal Revenue Service",
        2024,
        "Revenue Procedure 2024-40: inflation-adjusted items for tax year 2025",
        "Internal Revenue Bulletin 2024-45",
        "https://www.irs.gov/pub/irs-drop/rp-24-40.pdf",
    ),
    Source(
        "revproc2025-32",
        "Internal Revenue Service",
        2025,
        "Revenue Procedure 2025-32: inflation-adjusted items for tax year 2026",
        "Internal Revenue Bulletin 2025-45",
        "https://www.irs.gov/pub/irs-drop/rp-25-32.pdf",
    ),
    Source(
        "pl119-21",
        "United States",
        2025,
        "Public Law 119-21, sections 70102 to 70104 and 70405: standard deduction, child tax "
        "credit, credit for child and dependent care",
        "139 Stat. 72",
        "https://www.govinfo.gov/content/pkg/PLAW-119publ21/pdf/PLAW-119publ21.pdf",
    ),
    Source(
        "usc26-21",
        "United States",
        2025,
        "Internal Revenue Code, sections 1, 21, 24, 32, 63 and 3101",
        "26 USC",
        "https://www.law.cornell.edu/uscode/text/26",
    ),
    Source(
        "ssa-base",
        "Social Security Administration",
        2025,
        "Contribution and benefit base: 176,100 dollars for 2025, 184,500 for 2026",
        "Office of the Chief Actuary",
        "https://www.ssa.gov/oact/cola/cbb.html",
    ),
    Source(
        "fns-cola2025",
        "US Department of Agriculture, Food and Nutrition Service",
        2024,
        "SNAP cost-of-living adjustments for fiscal year 2025",
        "Memorandum and tables",
        "https://www.fns.usda.gov/snap/fy-2025-cola",
    ),
    Source(
        "fns-cola2026",
        "US Department of Agriculture, Food and Nutrition Service",
        2025,
        "SNAP cost-of-living adjustments for fiscal year 2026",
        "Memorandum and tables",
        "https://www.fns.usda.gov/snap/allotment/cola/fy26",
    ),
    Source(
        "hhs-poverty2024",
        "US Department of Health and Human Services",
        2024,
        "Annual update of the HHS poverty guidelines, 2024",
        "Federal Register 89, 2961",
        "https://aspe.hhs.gov/topics/poverty-economic-mobility/poverty-guidelines",
    ),
    Source(
        "hhs-poverty2025",
        "US Department of Health and Human Services",
        2025,
        "Annual update of the HHS poverty guidelines, 2025",
        "Federal Register 90, 5917",
        "https://aspe.hhs.gov/topics/poverty-economic-mobility/poverty-guidelines",
    ),
    Source(
        "cfr7-273",
        "US Department of Agriculture, Food and Nutrition Service",
        2025,
        "Certification of eligible households: income and deductions (7 CFR 273.9), determining "
        "benefit levels (7 CFR 273.10)",
        "Code of Federal Regulations, title 7",
        "https://www.ecfr.gov/current/title-7/section-273.9",
    ),
    Source(
        "policyengine",
        "PolicyEngine",
        2026,
        "PolicyEngine-US: rules of US taxes and benefits, federal and state",
        "Open-source software, AGPL 3.0",
        "https://github.com/PolicyEngine/policyengine-us",
    ),
    Source(
        "chetty2014",
        "Chetty, R., Hendren, N., Kline, P. and Saez, E.",
        2014,
        "Where is the land of opportunity? The geography of intergenerational mobility "
        "in the United States",
        "Quarterly Journal of Economics 129(4), 1553-1623",
        "https://doi.org/10.1093/qje/qju022",
    ),
    Source(
        "chetty2017",
        "Chetty, R., Grusky, D., Hell, M., Hendren, N., Manduca, R. and Narang, J.",
        2017,
        "The fading American dream: trends in absolute income mobility since 1940",
        "Science 356(6336), 398-406",
        "https://doi.org/10.1126/science.aal4617",
    ),
    Source(
        "chetverikov2023",
        "Chetverikov, D. and Wilhelm, D.",
        2023,
        "Inference for rank-rank regressions",
        "arXiv 2310.15512",
        "https://arxiv.org/abs/2310.15512",
    ),
    Source(
        "nybom2017",
        "Nybom, M. and Stuhler, J.",
        2017,
        "Biases in standard measures of intergenerational income dependence",
        "Journal of Human Resources 52(3), 800-825",
    ),
    Source(
        "formby2004",
        "Formby, J. P., Smith, W. J. and Zheng, B.",
        2004,
        "Mobility measurement, transition matrices and statistical inference",
        "Journal of Econometrics 120(1), 181-205",
    ),
    Source(
        "segers2012",
        "Segers, J.",
        2012,
        "Asymptotics of empirical copula processes under non-restrictive smoothness assumptions",
        "Bernoulli 18(3), 764-782",
    ),
    Source(
        "shorrocks1978",
        "Shorrocks, A. F.",
        1978,
        "The measurement of mobility",
        "Econometrica 46(5), 1013-1024",
    ),
    Source(
        "sommers1979",
        "Sommers, P. M. and Conlisk, J.",
        1979,
        "Eigenvalue immobility measures for Markov chains",
        "Journal of Mathematical Sociology 6(2), 253-276",
    ),
    Source(
        "bartholomew1973",
        "Bartholomew, D. J.",
        1973,
        "Stochastic Models for Social Processes (2nd ed.)",
        "Wiley",
    ),
    Source(
        "prais1955",
        "Prais, S. J.",
        1955,
        "Measuring social mobility",
        "Journal of the Royal Statistical Society A 118(1), 56-66",
    ),
    Source(
        "bhattacharya2011",
        "Bhattacharya, D. and Mazumder, B.",
        2011,
        "A nonparametric analysis of black-white differences in intergenerational income mobility "
        "in the United States",
        "Quantitative Economics 2(3), 335-379",
    ),
    Source(
        "mitnik2020",
        "Mitnik, P. A. and Grusky, D. B.",
        2020,
        "The intergenerational elasticity of what? The case for redefining the workhorse measure "
        "of economic mobility",
        "Sociological Methodology 50(1), 47-95",
    ),
    Source(
        "santossilva2006",
        "Santos Silva, J. M. C. and Tenreyro, S.",
        2006,
        "The log of gravity",
        "Review of Economics and Statistics 88(4), 641-658",
    ),
    Source(
        "fan2010",
        "Fan, Y. and Park, S. S.",
        2010,
        "Sharp bounds on the distribution of treatment effects and their statistical inference",
        "Econometric Theory 26(3), 931-951",
    ),
    Source(
        "makarov1982",
        "Makarov, G. D.",
        1982,
        "Estimates for the distribution function of a sum of two random variables when the "
        "marginal distributions are fixed",
        "Theory of Probability and its Applications 26(4), 803-806",
    ),
    Source(
        "cpi",
        "Bureau of Labor Statistics",
        2024,
        "Consumer Price Index for All Urban Consumers: U.S. city average, all items (CUUR0000SA0)",
        "U.S. Department of Labor",
        "https://www.bls.gov/cpi/",
    ),
)

SOURCES: dict[str, Source] = {s.key: s for s in _ENTRIES}


def cite(key: str) -> Source:
    """The entry for `key`; KeyError when the bibliography has none."""
    return SOURCES[key]
