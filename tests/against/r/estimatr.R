# Reference values for rung.learning.estimate, from estimatr (lm_robust, lm_lin, difference_in_means).
# Run from this folder: Rscript estimatr.R ../estimatr
# Simulates small data sets with a seed, writes them as CSV, and one row per estimate to expected.csv.
suppressMessages({library(estimatr); library(sandwich)})
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(20260301)

people <- function(n, arms, odds) {
  x <- round(rnorm(n, 35, 9), 3)
  veteran <- rbinom(n, 1, .25)
  site <- sample(c("east", "north", "west"), n, replace = TRUE)
  arm <- sample(arms, n, replace = TRUE, prob = odds)
  spread <- 1 + 2 * (arm != "control")
  y <- round(200 + 4 * x - 30 * veteran + 25 * (site == "west") + 15 * (arm != "control") +
             .8 * (arm != "control") * (x - 35) + 20 * spread * rnorm(n), 4)
  employed <- as.integer(plogis((y - mean(y)) / 60) > runif(n))
  data.frame(arm, y, employed, x, veteran, site, w = round(runif(n, .2, 3), 4))
}
scaled <- function(n) {
  year <- sample(1990:2020, n, replace = TRUE)
  dollars <- round(exp(rnorm(n, 11, 1.2)), 2)
  share <- round(rbeta(n, 2, 800), 8)
  arm <- sample(c("control", "program"), n, replace = TRUE)
  y <- round(30000 + 120 * (year - 2005) - 9 * (year - 2005)^2 + .1 * dollars + 1e6 * share +
             1500 * (arm == "program") + (2000 + .02 * dollars) * rnorm(n), 2)
  data.frame(arm, y, year, year_squared = year^2, dollars, share, w = round(runif(n, .5, 2), 3))
}
data <- list(
  two = people(150, c("control", "program"), c(.4, .6)),
  three = people(210, c("cash", "coaching", "control"), c(.25, .3, .45)),
  scaled = scaled(240)
)
# the badly scaled set again with columns R can digest: same span, same estimates, fewer digits lost
data$centred <- within(data$scaled, {
  year_squared <- (year - 2005)^2; year <- year - 2005
  dollars <- (dollars - 1e5) / 1e5; share <- share * 400 - 1
})
for (d in c("two", "three", "scaled"))
  write.csv(data[[d]], file.path(folder, paste0(d, ".csv")), row.names = FALSE, quote = FALSE)

covariates <- list(two = c("x", "veteran", "site"), three = c("x", "veteran", "site"),
                   scaled = c("year", "year_squared", "dollars", "share"))
covariates$centred <- covariates$scaled
rows <- list()
keep <- function(fit, t, d, outcome, adjust, se, weighted, arm) {
  i <- match(t, fit$term)
  rows[[length(rows) + 1]] <<- data.frame(
    data = d, outcome, adjust, se, weighted, arm, estimate = fit$coefficients[i],
    std.error = fit$std.error[i], df = fit$df[i], p = fit$p.value[i],
    low = fit$conf.low[i], high = fit$conf.high[i])
}
for (d in names(data)) for (outcome in if (d %in% c("two", "three")) c("y", "employed") else "y") {
  each <- data[[d]]
  arms <- setdiff(sort(unique(each$arm)), "control")
  each$z <- factor(each$arm, levels = c("control", arms))
  right <- paste(covariates[[d]], collapse = "+")
  for (weighted in c(FALSE, TRUE)) for (se in c("HC0", "HC1", "HC2", "HC3", "classical")) {
    W <- if (weighted) each$w else NULL
    none <- lm_robust(as.formula(paste(outcome, "~ z")), each, weights = W, se_type = se)
    ancova <- lm_robust(as.formula(paste(outcome, "~ z +", right)), each, weights = W, se_type = se)
    lin <- lm_lin(as.formula(paste(outcome, "~ z")), as.formula(paste("~", right)), each,
                  weights = W, se_type = se)
    for (a in arms) {
      keep(none, paste0("z", a), d, outcome, "none", tolower(se), weighted, a)
      keep(ancova, paste0("z", a), d, outcome, "ancova", tolower(se), weighted, a)
      keep(lin, if (paste0("z", a) %in% lin$term) paste0("z", a) else "z", d, outcome, "lin",
           tolower(se), weighted, a)
    }
  }
  for (a in arms) {
    fit <- difference_in_means(as.formula(paste(outcome, "~ arm")), each,
                               condition1 = "control", condition2 = a)
    keep(fit, fit$term[1], d, outcome, "none", "welch", FALSE, a)
  }
}
out <- do.call(rbind, rows)
for (c in c("estimate", "std.error", "df", "p", "low", "high"))
  out[[c]] <- formatC(out[[c]], digits = 17, format = "g")
write.csv(out, file.path(folder, "expected.csv"), row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("estimatr", packageVersion("estimatr")),
             paste("sandwich", packageVersion("sandwich"))), file.path(folder, "versions.txt"))
