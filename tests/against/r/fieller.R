# Fieller's set for a/b by three routes: the published closed form (Fieller 1954, as in Franz 2007),
# the roots of the quadratic by polyroot, and the sign of the test statistic by uniroot.
# Run: Rscript tests/against/r/fieller.R > tests/against/fieller/fieller.json
z <- function(level) qnorm(0.5 + level / 2)
q <- function(theta, c) (c$a - theta * c$b)^2 -
  z(c$level)^2 * (c$va - 2 * theta * c$cab + theta^2 * c$vb)
cases <- list(
  list(a = 1, b = 2, va = .01, vb = .01, cab = 0, level = .95),
  list(a = 3646.29, b = 4690.21, va = 1300^2, vb = 3.9^2, cab = -5000, level = .95),
  list(a = 2139, b = 3555, va = 800^2, vb = 1100^2, cab = -2e5, level = .95),
  list(a = 1, b = .1, va = .01, vb = .01, cab = .002, level = .95),
  list(a = -3, b = -.5, va = 1, vb = .25, cab = .1, level = .9),
  list(a = .05, b = .05, va = .01, vb = .01, cab = 0, level = .95),
  list(a = -1.67, b = 1, va = .2, vb = .05, cab = .03, level = .99)
)
out <- lapply(cases, function(c) {
  k <- z(c$level)^2
  A <- c$b^2 - k * c$vb; B <- c$a * c$b - k * c$cab; C <- c$a^2 - k * c$va
  roots <- polyroot(c(C, -2 * B, A))
  if (max(abs(Im(roots))) > 1e-7) return(c(c, list(roots = numeric(0), kind = "everything")))
  ends <- sort(Re(roots))
  closed <- sort((B + c(-1, 1) * sqrt(B^2 - A * C)) / A)
  stopifnot(max(abs(closed - ends) / pmax(1, abs(ends))) < 1e-7)
  for (e in ends) {
    d <- 0.01 * max(abs(e), diff(ends))
    r <- uniroot(q, c(e - d, e + d), c = c, tol = 1e-13)$root
    stopifnot(abs(r - e) < 1e-7 * max(1, abs(e)))
  }
  c(c, list(roots = closed, kind = if (A > 0) "interval" else "two half-lines"))
})
num <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
row <- function(c) sprintf(
  '    {"a": %.17g, "b": %.17g, "va": %.17g, "vb": %.17g, "cab": %.17g, "level": %.17g, "roots": %s, "kind": "%s"}',
  c$a, c$b, c$va, c$vb, c$cab, c$level, num(c$roots), c$kind)
cat(sprintf('{\n  "made_by": "%s",\n  "cases": [\n%s\n  ]\n}\n', R.version.string,
  paste(sapply(out, row), collapse = ",\n")))
