//! How do the items around an item do? Faults come in clusters: one source, one annotator, one topic.

use super::panel::Panel;

/// Number of items by text whose margins are pooled.
pub const NEIGHBOURS: usize = 10;

/// The mean margin of the other items of each item's group; `None` outside groups or alone in one.
///
/// ```text
/// S_i = (Σ_{i' in s(i)} M_i' − M_i) / (n_s − 1)
/// ```
pub fn group_means(panel: &Panel, margins: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0.0); panel.group_names.len()];
    for (item, margin) in margins.iter().enumerate() {
        if let (Some(g), Some(m)) = (panel.group[item], margin) {
            sums[g] = (sums[g].0 + m, sums[g].1 + 1.0);
        }
    }
    (0..margins.len())
        .map(|i| {
            let (sum, n) = sums[panel.group[i]?];
            let (own, one) = margins[i].map_or((0.0, 0.0), |m| (m, 1.0));
            (n - one > 0.0).then(|| (sum - own) / (n - one))
        })
        .collect()
}

/// The mean margin of the items whose text is most like each item's, weighted by similarity; `None` where no
/// item shares a telling word with it.
///
/// ```text
/// N_i = Σ_{i' ∈ nearest(i)} c_ii' M_i' / Σ c_ii'        c: cosine of rarity-weighted words
/// ```
pub fn neighbour_means(nearest: &[Vec<(usize, f64)>], margins: &[Option<f64>]) -> Vec<Option<f64>> {
    nearest
        .iter()
        .map(|near| {
            let (sum, weight) = near
                .iter()
                .filter_map(|&(other, c)| margins[other].map(|m| (c * m, c)))
                .fold((0.0, 0.0), |(s, w), (cm, c)| (s + cm, w + c));
            (weight > 0.0).then(|| sum / weight)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::margin::tests::lettered;

    #[test]
    fn an_item_is_not_its_own_neighbour() {
        let mut panel = lettered("AAA", &["AAA", "AAA", "AAA"], 2);
        panel.group = vec![Some(0), Some(0), None];
        panel.group_names = vec!["g".into()];
        let m = [Some(0.5), Some(-1.0), Some(0.0)];
        assert_eq!(group_means(&panel, &m), vec![Some(-1.0), Some(0.5), None]);
        let near = vec![vec![(1, 0.5), (2, 0.25)], vec![], vec![(0, 1.0)]];
        let n = neighbour_means(&near, &m);
        assert!((n[0].unwrap() + 2.0 / 3.0).abs() < 1e-12);
        assert_eq!((n[1], n[2]), (None, Some(0.5)));
    }
}
