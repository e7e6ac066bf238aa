# The surrogate index and its standard error (stacked influence functions), by lm and sandwich.
# Rscript tests/against/r/surrogate.R   (from the root)
suppressPackageStartupMessages(library(sandwich))
set.seed(20260301)
folder <- "tests/against/surrogate"
m <- 160; n <- 120
make <- function(n, shift) {
  x <- rbinom(n, 1, 0.4 + shift)
  s1 <- round(900 + 700 * x + 800 * shift + rnorm(n, 0, 600), 2)
  s2 <- rpois(n, 2 + x)
  data.frame(s1 = s1, s2 = s2, x = x)
}
comparison <- make(m, 0)
comparison$y <- with(comparison,
  round(4000 + 1.8 * s1 + 450 * s2 - 300 * x + rnorm(m, 0, 300 + 0.5 * abs(s1)), 2))
experiment <- make(n, 0.1)
experiment$treated <- rbinom(n, 1, 0.5)
experiment$s1 <- experiment$s1 + 250 * experiment$treated
fit <- lm(y ~ s1 + s2 + x, comparison)
experiment$index <- predict(fit, experiment)
on <- experiment$treated == 1
away <- c(0, colMeans(experiment[on, c("s1", "s2", "x")]) -
             colMeans(experiment[!on, c("s1", "s2", "x")]))
value <- mean(experiment$index[on]) - mean(experiment$index[!on])
arms <- sqrt(var(experiment$index[on]) / sum(on) + var(experiment$index[!on]) / sum(!on))
index <- sqrt(drop(t(away) %*% vcovHC(fit, type = "HC2") %*% away))
out <- data.frame(
  name = c("value", "se_arms", "se_index", "se", "r_squared", names(coef(fit))),
  value = c(value, arms, index, sqrt(arms^2 + index^2), summary(fit)$r.squared, coef(fit)))
out$value <- sprintf("%.15g", out$value)
write.csv(comparison, file.path(folder, "comparison.csv"), row.names = FALSE, quote = FALSE)
experiment$index <- NULL
write.csv(experiment, file.path(folder, "experiment.csv"), row.names = FALSE, quote = FALSE)
write.csv(out, file.path(folder, "expected.csv"), row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("sandwich", packageVersion("sandwich"))),
  file.path(folder, "versions.txt"))
