# Makes input.csv and expected.csv: a small simulated test and what R says of it.
# Run in this directory: Rscript make_expected.R
suppressMessages(library(psych))
options(digits = 17)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20240607)

n <- 60
k <- 15
ability <- rnorm(n)
slope <- exp(rnorm(k, 0, 0.4)) * c(rep(1, k - 1), -1)  # the last item is keyed wrongly
location <- rnorm(k)
p <- plogis(outer(ability, seq_len(k), function(t, j) slope[j] * (t - location[j])))
x <- matrix(as.integer(runif(n * k) < p), n, k)
colnames(x) <- sprintf("i%02d", seq_len(k))
rownames(x) <- sprintf("m%02d", seq_len(n))

gaps <- x
gaps[cbind(sample(n, 40, replace = TRUE), sample(k, 40, replace = TRUE))] <- NA
graded <- matrix(pmin(4, pmax(0, round(2 + outer(ability, location, "-") + rnorm(n * k)))), n, k)

long <- do.call(rbind, lapply(list(list("complete", x), list("gaps", gaps), list("graded", graded)), function(set) {
  data.frame(set = set[[1]], model = rep(rownames(x), k), item = rep(colnames(x), each = n), score = c(set[[2]]))
}))
write.csv(long[!is.na(long$score), ], "input.csv", row.names = FALSE, quote = FALSE)

rows <- list()
put <- function(set, statistic, item, value) {
  rows[[length(rows) + 1]] <<- data.frame(set, statistic, item, value = sprintf("%.17g", value))
}
quietly <- function(e) { sink(nullfile()); on.exit(sink()); suppressWarnings(suppressMessages(e)) }

covmax <- function(a, b) cov(sort(a), sort(b))
for (set in c("complete", "gaps", "graded")) {
  d <- switch(set, complete = x, gaps = gaps, graded = graded)
  colnames(d) <- colnames(x)
  a <- quietly(psych::alpha(d, check.keys = FALSE, use = "pairwise"))
  put(set, "alpha", "", a$total$raw_alpha)
  for (j in seq_len(k)) put(set, "alpha_without", colnames(x)[j], a$alpha.drop$raw_alpha[j])
  C <- cov(d, use = "pairwise")
  off <- C; diag(off) <- 0
  put(set, "lambda2", "", (sum(off) + sqrt(k / (k - 1) * sum(off^2))) / sum(C))
  n_used <- floor(sum(!is.na(d)) / k)
  ci <- psych::alpha.ci(a$total$raw_alpha, n_used, k)
  put(set, "alpha_low", "", ci$lower.ci)
  put(set, "alpha_high", "", ci$upper.ci)
  centred <- sweep(d, 2, colMeans(d, na.rm = TRUE))
  for (j in seq_len(k)) {
    rest <- rowSums(centred[, -j], na.rm = TRUE) / rowSums(!is.na(d[, -j]))
    r <- cor.test(d[, j], rest)
    put(set, "item_rest", colnames(x)[j], r$estimate)
    put(set, "item_rest_low", colnames(x)[j], r$conf.int[1])
    put(set, "item_rest_high", colnames(x)[j], r$conf.int[2])
    answered <- !is.na(d[, j])
    m <- sum(answered)
    if (set != "graded") {
      # psych divides by the sample standard deviation of the rest score, the textbook by that of divisor n.
      b <- quietly(psych::biserial(rest[answered], d[answered, j]))
      put(set, "biserial", colnames(x)[j], b * sqrt(m / (m - 1)))
      w <- prop.test(sum(d[answered, j]), m, correct = FALSE)
      put(set, "difficulty", colnames(x)[j], w$estimate)
      put(set, "difficulty_low", colnames(x)[j], w$conf.int[1])
      put(set, "difficulty_high", colnames(x)[j], w$conf.int[2])
    } else {
      t <- t.test(d[, j])
      put(set, "difficulty", colnames(x)[j], t$estimate)
      put(set, "difficulty_low", colnames(x)[j], t$conf.int[1])
      put(set, "difficulty_high", colnames(x)[j], t$conf.int[2])
    }
    phi <- sapply(seq_len(k)[-j], function(i) cor(d[, i], d[, j], use = "complete.obs"))
    put(set, "signed_phi_squared", colnames(x)[j], mean(sign(phi) * phi^2))
  }
  # Loevinger's H from its definition: observed over largest covariances of the pairs.
  H <- matrix(0, k, k)
  for (i in seq_len(k)) for (j in seq_len(k)) if (i != j) {
    both <- complete.cases(d[, i], d[, j])
    H[i, j] <- covmax(d[both, i], d[both, j])
  }
  {
    for (j in seq_len(k)) put(set, "scalability", colnames(x)[j], sum(off[j, ]) / sum(H[j, ]))
    put(set, "scalability", "", sum(off) / sum(H))
  }
}

# Kuder-Richardson 20 as printed: variances with divisor n.
q <- colMeans(x)
total <- rowSums(x)
put("complete", "kr20", "", k / (k - 1) * (1 - sum(q * (1 - q)) / (var(total) * (n - 1) / n)))
score <- rowMeans(x)
put("complete", "sd_score", "", sd(score))

# All splits of the first eight items into fours: psych's coefficient is 4 cov_AB / var_T, Guttman's lambda 4.
s <- quietly(psych::splitHalf(x[, 1:8], raw = TRUE, brute = TRUE, covar = TRUE, check.keys = FALSE))
put("complete", "lambda4_mean_8", "", mean(s$raw))
put("complete", "lambda4_max_8", "", s$maxrb)
put("complete", "lambda4_min_8", "", s$minrb)
# Spearman-Brown over the same splits.
sb <- apply(combn(8, 4), 2, function(h) {
  r <- cor(rowSums(x[, h]), rowSums(x[, setdiff(1:8, h)]))
  2 * r / (1 + r)
})
put("complete", "spearman_brown_mean_8", "", mean(sb))

# Tetrachoric correlations of the first item with the others.
tet <- quietly(psych::tetrachoric(x, smooth = FALSE, correct = 0.5))$rho
for (j in 2:k) put("complete", "tetrachoric_1", colnames(x)[j], tet[1, j])
# The same by the definition, solved to rounding with an independent bivariate normal distribution.
quadrant <- function(h, l, r) mnormt::pmnorm(c(h, l), c(0, 0), matrix(c(1, r, r, 1), 2))
for (j in 2:k) {
  tab <- table(factor(x[, 1], 0:1), factor(x[, j], 0:1))
  if (any(tab == 0)) next
  root <- uniroot(function(r) quadrant(qnorm(q[1]), qnorm(q[j]), r) - mean(x[, 1] & x[, j]), c(-0.999, 0.999), tol = 1e-14)$root
  put("complete", "tetrachoric_root_1", colnames(x)[j], root)
}

write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
cat("R", R.version.string, "psych", as.character(packageVersion("psych")), "mnormt", as.character(packageVersion("mnormt")), "\n")
