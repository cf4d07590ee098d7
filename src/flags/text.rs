//! Which items are about the same thing? Words weighted by rarity, and the nearest items by them.

use rayon::prelude::*;
use std::collections::HashMap;

/// Words in more than this share of the items (and in more than two of them) say nothing of their topic.
const MAX_SHARE: f64 = 0.1;
/// Below this many items, similarity between them says little.
pub const MIN_ITEMS: usize = 20;

/// Lower-case runs of two or more letters, digits or underscores.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map(str::to_lowercase)
        .filter(|w| w.chars().nth(1).is_some())
}

/// Items as sparse vectors of words of length one, with the lists that lead from a word to its items.
pub struct TextIndex {
    vectors: Vec<Vec<(u32, f32)>>,
    postings: Vec<Vec<(u32, f32)>>,
}

impl TextIndex {
    /// The index of some texts.
    ///
    /// ```text
    /// x_it ∝ (1 + ln tf_it) · (ln((1 + n)/(1 + df_t)) + 1)
    /// ```
    ///
    /// `tf` counts a word in a text, `df` the texts that have it; words of one text only, or of more than
    /// a tenth of the texts, are left out. Vectors have length one, or 0 for a text without such words.
    ///
    /// # Reference
    /// Salton & Buckley 1988, doi:10.1016/0306-4573(88)90021-0; smoothed as in scikit-learn.
    pub fn new<S: AsRef<str> + Sync>(texts: &[S]) -> Self {
        let counted: Vec<HashMap<String, u32>> = texts
            .par_iter()
            .map(|text| {
                let mut counts = HashMap::new();
                for word in words(text.as_ref()) {
                    *counts.entry(word).or_insert(0) += 1;
                }
                counts
            })
            .collect();
        let mut documents: HashMap<&str, u32> = HashMap::new();
        for word in counted.iter().flat_map(HashMap::keys) {
            *documents.entry(word).or_default() += 1;
        }
        let n = texts.len() as f64;
        let mut kept: Vec<(&str, u32)> =
            documents.into_iter().filter(|(_, df)| *df >= 2 && f64::from(*df) <= MAX_SHARE * n).collect();
        kept.sort_unstable();
        let place: HashMap<&str, u32> = kept.iter().zip(0u32..).map(|((w, _), at)| (*w, at)).collect();
        let rarity: Vec<f64> =
            kept.iter().map(|(_, df)| ((1.0 + n) / (1.0 + f64::from(*df))).ln() + 1.0).collect();
        let vectors: Vec<Vec<(u32, f32)>> = counted
            .par_iter()
            .map(|counts| {
                let mut vector: Vec<(u32, f64)> = counts
                    .iter()
                    .filter_map(|(word, tf)| place.get(word.as_str()).map(|at| (*at, *tf)))
                    .map(|(at, tf)| (at, (1.0 + f64::from(tf).ln()) * rarity[at as usize]))
                    .collect();
                vector.sort_unstable_by_key(|v| v.0);
                let length = vector.iter().map(|v| v.1 * v.1).sum::<f64>().sqrt();
                vector.into_iter().map(|(at, x)| (at, (x / length) as f32)).collect()
            })
            .collect();
        let mut postings = vec![Vec::new(); kept.len()];
        for (item, vector) in vectors.iter().enumerate() {
            for &(at, x) in vector {
                postings[at as usize].push((item as u32, x));
            }
        }
        Self { vectors, postings }
    }

    /// The cosine of two texts.
    pub fn cosine(&self, a: usize, b: usize) -> f64 {
        let (x, y) = (&self.vectors[a], &self.vectors[b]);
        let (mut i, mut j, mut sum) = (0, 0, 0.0);
        while i < x.len() && j < y.len() {
            match x[i].0.cmp(&y[j].0) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => {
                    sum += f64::from(x[i].1) * f64::from(y[j].1);
                    i += 1;
                    j += 1;
                }
            }
        }
        sum
    }

    /// For each text the `k` most similar others with their cosines, most similar first; fewer where fewer
    /// share a word with it. Equals are ordered by position.
    pub fn nearest(&self, k: usize) -> Vec<Vec<(usize, f64)>> {
        (0..self.vectors.len())
            .into_par_iter()
            .map_init(
                || vec![0.0f32; self.vectors.len()],
                |sums, item| {
                    let mut touched = Vec::new();
                    for &(at, x) in &self.vectors[item] {
                        for &(other, y) in &self.postings[at as usize] {
                            let sum = &mut sums[other as usize];
                            if *sum == 0.0 {
                                touched.push(other);
                            }
                            *sum += x * y;
                        }
                    }
                    let mut found: Vec<(usize, f64)> = touched
                        .iter()
                        .filter(|o| **o as usize != item)
                        .map(|o| (*o as usize, f64::from(sums[*o as usize])))
                        .collect();
                    touched.iter().for_each(|o| sums[*o as usize] = 0.0);
                    let order = |a: &(usize, f64), b: &(usize, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
                    if found.len() > k {
                        found.select_nth_unstable_by(k, order);
                        found.truncate(k);
                    }
                    found.sort_by(order);
                    found
                },
            )
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `TfidfVectorizer(sublinear_tf=True, min_df=2, max_df=0.1)` of scikit-learn 1.7 on the same texts gives
    /// the cosines 1, 0.816497 and 0.
    #[test]
    fn shared_rare_words_make_neighbours() {
        let mut texts: Vec<String> = [
            "spin trapping detects radicals",
            "spin trapping of free radicals",
            "the court held a contract void",
            "court contract contract lease",
            "lease one two",
        ]
        .map(str::to_owned)
        .to_vec();
        texts.extend((0..25).map(|i| format!("unique{i}")));
        let index = TextIndex::new(&texts);
        let nearest = index.nearest(3);
        assert_eq!(nearest[0][0].0, 1);
        assert!((nearest[0][0].1 - 1.0).abs() < 1e-6, "the words they do not share are unique");
        assert_eq!(nearest[2][0].0, 3);
        assert!(nearest[29].is_empty());
        assert!((index.cosine(0, 1) - nearest[0][0].1).abs() < 1e-6);
        assert_eq!(index.cosine(0, 2), 0.0);
    }

    #[test]
    fn single_letters_are_no_words() {
        assert_eq!(words("A b2, Ünï_c x").collect::<Vec<_>>(), vec!["b2", "ünï_c"]);
    }
}
