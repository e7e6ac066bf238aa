"""What records, discovery, tests and releases rest on."""

from __future__ import annotations

from rung.sources.entry import Source

ENTRIES = (
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
        "levin2018",
        "Levin, H. M., McEwan, P. J., Belfield, C. R., Bowden, A. B. and Shand, R.",
        2018,
        "Economic Evaluation in Education: Cost-Effectiveness and Benefit-Cost Analysis",
        "SAGE, 3rd edition",
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
        "bonett2012",
        "Bonett, D. G. and Price, R. M.",
        2012,
        "Adjusted Wald confidence interval for a difference of binomial proportions based on "
        "paired data",
        "Journal of Educational and Behavioral Statistics 37(4), 479-488",
        "https://doi.org/10.3102/1076998611411915",
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
