# Shrinkage, rank sets and rank correlations for tests/against/test_places.py.
#
#   Rscript tests/against/r/places.R tests/against/places
#
# Shrinkage by metafor (REML, blup). Rank sets (Mogstad, Romano, Shaikh and Wilhelm 2024, marginal,
# two-sided, with the step-down) and the range of Spearman's correlation are written out here.
suppressMessages(library(metafor))
out <- commandArgs(TRUE)[1]
options(digits = 17)
set.seed(77)
n <- 60
se <- round(exp(rnorm(n, -4.6, .6)), 5)
y <- round(rnorm(n, .42, .03) + rnorm(n, 0, se), 5)
x <- round(exp(rnorm(n, 10, 1)) * (1 + y), 0)
x[7] <- x[9]
write.csv(data.frame(y, se, x), file.path(out, "places.csv"), row.names = FALSE)

fit <- rma(y, sei = se, method = "REML", control = list(threshold = 1e-14, maxiter = 1000))
b <- blup(fit)
write.csv(data.frame(value = b$pred, se = b$se), file.path(out, "shrunken.csv"), row.names = FALSE)

rho <- cor(x, y, method = "spearman")
reach <- qnorm(.975) * sqrt((1 + rho^2 / 2) / (n - 3))
say <- data.frame(
  name = c("tau2", "mean", "mean_se", "rho", "rho_low", "rho_high"),
  value = c(fit$tau2, coef(fit), fit$se, rho, tanh(atanh(rho) + c(-reach, reach)))
)
write.csv(say, file.path(out, "expected.csv"), row.names = FALSE)

# the ranks of each place that fit, 1 the highest; 50,000 draws
draws <- 50000
z <- matrix(rnorm(draws * n), draws)
sets <- t(sapply(seq_len(n), function(j) {
  others <- setdiff(seq_len(n), j)
  s <- sqrt(se[others]^2 + se[j]^2)
  t <- (y[others] - y[j]) / s
  d <- abs(sweep(z[, others] %*% diag(se[others]) - z[, j] * se[j], 2, s, "/"))
  left <- rep(TRUE, n - 1)
  repeat {
    if (!any(left)) break
    c <- quantile(apply(d[, left, drop = FALSE], 1, max), .95, type = 1)
    new <- left & abs(t) > c
    if (!any(new)) break
    left <- left & !new
  }
  c(low = 1 + sum(!left & t > 0), high = n - sum(!left & t < 0))
}))
write.csv(data.frame(sets), file.path(out, "ranks.csv"), row.names = FALSE)
writeLines(c(R.version.string, paste("metafor", packageVersion("metafor"))), file.path(out, "versions.txt"))
print(say); print(head(sets, 8))
