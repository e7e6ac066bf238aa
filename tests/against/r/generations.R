# Reference values for rung.mobility: midranks, the rank-rank slope with the errors of Chetverikov
# and Wilhelm (2023), by group and with weights, and every other estimate's error by brute force.
# Run from this folder: Rscript generations.R ../generations
# Comparison matrices of n by n take the place of the sums by value that Rung uses. `slope_paper`
# is the paper's own formula for a sample without weights, written with its h1, h2 and h3.
suppressMessages({library(sandwich)})
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(20261122)

n <- 400
x <- rnorm(n); y <- .45 * x + sqrt(1 - .45^2) * rnorm(n)
parent <- round(exp(10.4 + .8 * x), -2); child <- round(exp(10.6 + .9 * y), -2)
parent[parent < 12000] <- 0; child[child < 13000] <- 0
d <- data.frame(parent, child, weight = round(runif(n, .3, 2.5), 3),
                group = sample(c("a", "b", "c"), n, TRUE, c(.5, .3, .2)))
write.csv(d, file.path(folder, "pairs.csv"), row.names = FALSE, quote = FALSE)

out <- list()
put <- function(weights, group, what, value, se = NA)
  out[[length(out) + 1]] <<- data.frame(weights, group, what, value = sprintf("%.17g", value),
                                        se = ifelse(is.na(se), "", sprintf("%.17g", se)))

# I[k, i]: what person k adds to the rank of person i
compare <- function(v) outer(v, v, function(a, b) (a < b) + .5 * (a == b))

for (weighted in c("no", "yes")) {
  p <- if (weighted == "yes") d$weight / sum(d$weight) else rep(1 / n, n)
  IX <- compare(d$parent); IY <- compare(d$child)
  RX <- as.vector(p %*% IX); RY <- as.vector(p %*% IY)
  DX <- sweep(IX, 2, RX); DY <- sweep(IY, 2, RY)   # [k, i]
  h <- sqrt(sum(p^2))
  se <- function(own, byx, byy) {
    psi <- own + as.vector(DX %*% (p * byx)) + as.vector(DY %*% (p * byy))
    psi <- psi - sum(p * psi)
    sqrt(sum((p * psi)^2))
  }
  near <- function(r, u) if (u <= 0 || u >= 1) 0 * r else
    (abs(r - u) <= h + 1e-12 & r >= 0 & r <= 1) / (min(u + h, 1) - max(u - h, 0))
  inside <- function(r, lo, hi) (r > lo + 1e-11) & (r <= hi + 1e-11)
  for (g in c("", "a", "b", "c")) {
    m <- if (g == "") rep(1, n) else as.numeric(d$group == g)
    fit <- lm(RY ~ RX, weights = p * m)
    a <- coef(fit)[[1]]; b <- coef(fit)[[2]]
    e <- m * (RY - a - b * RX); nu <- m * (RX - sum(p * m * RX) / sum(p * m))
    V <- sum(p * nu^2)
    put(weighted, g, "slope", b, se(e * nu / V, (e - b * nu) / V, nu / V))
    P <- sum(p * m); xbar <- sum(p * m * RX) / P
    for (at in c(.25, .75)) put(weighted, g, paste0("line", at), a + b * at,
      se(e / P + (at - xbar) * e * nu / V, -b * m / P + (at - xbar) * (e - b * nu) / V,
         m / P + (at - xbar) * nu / V))
    if (weighted == "no" && g == "") {           # the paper, section 3: h1 + h2 + h3
      Y <- t(IY); X <- t(IX)                     # row k of I(., k): compare person k's value
      h1 <- e * nu
      h2 <- sapply(1:n, function(k) mean((IY[k, ] - b * IX[k, ] - a) * nu))
      h3 <- sapply(1:n, function(k) mean(e * (IX[k, ] - mean(RX))))
      put(weighted, g, "slope_paper", b, sqrt(mean((h1 + h2 + h3)^2) / mean(nu^2)^2 / n))
    }
    cell <- m * inside(RX, .2, .3); B <- sum(p * cell); mu <- sum(p * cell * RY) / B
    put(weighted, g, "cell", mu, se(cell * (RY - mu) / B,
      m * (near(RX, .2) - near(RX, .3)) * (RY - mu) / B, cell / B))
    low <- m * inside(RX, 0, .2); B <- sum(p * low)
    top <- inside(RY, .8, 1); q <- sum(p * low * top) / B
    put(weighted, g, "up", q, se(low * (top - q) / B, -m * near(RX, .2) * (top - q) / B,
                                 low * near(RY, .8) / B))
    for (tau in c(0, .1)) {
      gap <- RY - RX - tau; up <- gap > 1e-11; q <- sum(p * low * up) / B
      edge <- low * (abs(gap) <= h + 1e-11) / (2 * h)
      put(weighted, g, paste0("higher", tau), q,
          se(low * (up - q) / B, -m * near(RX, .2) * (up - q) / B - edge / B, edge / B))
    }
  }
  fx <- ceiling(5 * RX - 1e-9); fy <- ceiling(5 * RY - 1e-9)
  J <- matrix(0, 5, 5); for (i in 1:n) J[fx[i], fy[i]] <- J[fx[i], fy[i]] + p[i]
  M <- J / rowSums(J)
  put(weighted, "", "trace", (5 - sum(diag(M))) / 4)
  put(weighted, "", "determinant", 1 - abs(det(M)))
  put(weighted, "", "eigenvalue", 1 - sort(Mod(eigen(M)$values))[4])
  put(weighted, "", "steps", sum(J * abs(row(J) - col(J))))
  for (i in 1:5) for (j in 1:5) put(weighted, "", paste0("fifths", i, j), M[i, j])

  k <- d$parent > 0 & d$child > 0
  w <- if (weighted == "yes") d$weight else rep(1, n)
  o <- lm(log(child) ~ log(parent), data = d[k, ], weights = w[k])
  put(weighted, "", "ige", coef(o)[[2]], sqrt(vcovHC(o, "HC1")[2, 2]))
  k <- d$parent > 0
  o <- suppressWarnings(glm(child ~ log(parent), family = quasipoisson, data = d[k, ],
           weights = w[k], control = glm.control(epsilon = 1e-15, maxit = 100)))
  put(weighted, "", "ige_expected", coef(o)[[2]], sqrt(sandwich(o)[2, 2]))
}
write.csv(do.call(rbind, out), file.path(folder, "expected.csv"), row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("sandwich", packageVersion("sandwich"))),
           file.path(folder, "versions.txt"))
