# Indices of inequality and their standard errors, for tests/against/test_inequality.py.
#
#   Rscript tests/against/r/inequality.R tests/against/inequality
#
# Indices that are functions of means go through survey::svycontrast, whose derivatives are symbolic.
# The others are differentiated numerically: the influence of person i is W dT/dw_i, by a central
# difference of the index written out here person by person.
suppressMessages({library(survey); library(laeken)})
out <- commandArgs(TRUE)[1]
options(digits = 17)
set.seed(20240611)
n <- 400
g <- sample(c("north", "south", "west"), n, TRUE, c(.5, .3, .2))
y <- round(exp(rnorm(n, c(north = 10.2, south = 10.6, west = 9.8)[g], .7)), -2)  # with ties
w <- sample(1:5, n, TRUE) / 2
d <- data.frame(y, w, g)
write.csv(d, file.path(out, "people.csv"), row.names = FALSE)

found <- data.frame()
say <- function(name, value, se) found <<- rbind(found, data.frame(name, value, se))
des <- svydesign(ids = ~1, weights = ~w, data = within(d, {
  ylogy <- y * log(y); logy <- log(y); y2 <- y^2; root <- sqrt(y); inv <- 1 / y
}))
m <- svymean(~ y + ylogy + logy + y2 + root + inv, des)
of <- function(name, e) { x <- svycontrast(m, e); say(name, coef(x)[[1]], SE(x)[[1]]) }
of("theil", quote(ylogy / y - log(y)))
of("mld", quote(log(y) - logy))
of("ge-2", quote(.5 * (y2 / y^2 - 1)))
of("atkinson-05", quote(1 - root^2 / y))
of("atkinson-1", quote(1 - exp(logy) / y))
of("atkinson-2", quote(1 - 1 / (inv * y)))

# what lies between groups, of the whole
b <- within(d, {
  ylogy <- y * log(y); logy <- log(y); y2 <- y^2
  n1 <- g == "north"; n2 <- g == "south"; n3 <- g == "west"
  y1 <- y * n1; y_2 <- y * n2; y3 <- y * n3
})
for (k in c("n1", "n2", "n3")) b[[k]] <- as.numeric(b[[k]])
desb <- svydesign(ids = ~1, weights = ~w, data = b)
m <- svymean(~ y + ylogy + logy + y2 + n1 + n2 + n3 + y1 + y_2 + y3, desb)
of("between-mld", quote((log(y) - n1*log(y1/n1) - n2*log(y_2/n2) - n3*log(y3/n3)) / (log(y) - logy)))
of("between-theil", quote(((y1*log(y1/n1) + y_2*log(y_2/n2) + y3*log(y3/n3)) / y - log(y)) / (ylogy / y - log(y))))
of("between-ge-2", quote(((y1^2/n1 + y_2^2/n2 + y3^2/n3) / y^2 - 1) / (y2 / y^2 - 1)))

# indices of the order of incomes
pairs_gini <- function(y, w) sum(outer(w, w) * abs(outer(y, y, "-"))) / (2 * sum(w)^2 * (sum(w * y) / sum(w)))
lorenz <- function(p) function(y, w) {
  o <- order(y); y <- y[o]; w <- w[o] / sum(w); before <- cumsum(w) - w
  sum(pmax(0, pmin(w, p - before)) * y) / sum(w * y)
}
ratio <- function(top, low) function(y, w) (1 - lorenz(top)(y, w)) / lorenz(low)(y, w)
by_difference <- function(name, f) {
  W <- sum(w)
  u <- sapply(seq_len(n), function(i) {
    h <- 1e-4; up <- w; up[i] <- up[i] + h; down <- w; down[i] <- down[i] - h
    W * (f(y, up) - f(y, down)) / (2 * h)
  })
  say(name, f(y, w), SE(svymean(~u, svydesign(ids = ~1, weights = ~w, data = data.frame(u, w))))[[1]])
}
by_difference("gini", pairs_gini)
stopifnot(abs(laeken::gini(y, weights = w)$value / 100 - pairs_gini(y, w)) < 1e-10)
by_difference("lorenz-3", lorenz(.3))
by_difference("palma", ratio(.9, .4))
by_difference("s80-s20", ratio(.8, .2))

# quantiles: Woodruff's interval, around p itself (survey's own is around the share at or below the
# quantile, which is above p where many share one income)
for (p in c(.1, .5, .9)) {
  at <- function(x) as.numeric(coef(svyquantile(~y, des, x, ci = FALSE, qrule = "math")))
  q <- at(p)
  z <- qnorm(.975)
  s <- SE(svymean(as.numeric(y <= q), des))[[1]]
  say(paste0("quantile-", p * 10), q, (at(p + z * s) - at(p - z * s)) / (2 * z))
}
write.csv(found, file.path(out, "expected.csv"), row.names = FALSE)
writeLines(c(R.version.string, paste("survey", packageVersion("survey")), paste("laeken", packageVersion("laeken"))),
           file.path(out, "versions.txt"))
print(found)
