//! Who chose what? Votes for each option, by thirds of ability.

use super::evidence::Votes;
use super::panel::Panel;

/// The votes on every item, split into the strongest, middle and weakest third of the models.
///
/// Without letters there are two options, wrong and right, and the key is option 1; a graded score counts as
/// right from one half.
pub fn votes(panel: &Panel) -> Vec<Votes> {
    let order = panel.by_ability();
    let third = third_of(panel.n_models(), &order);
    (0..panel.n_items()).map(|item| votes_of(panel, &third, item)).collect()
}

/// Which third (0 strongest) each model is in.
fn third_of(models: usize, order: &[usize]) -> Vec<usize> {
    let mut third = vec![2; models];
    for (place, &j) in order.iter().enumerate() {
        third[j] = place * 3 / order.len();
    }
    third
}

fn votes_of(panel: &Panel, third: &[usize], item: usize) -> Votes {
    let lettered = panel.chosen.is_some();
    let key = if lettered { panel.gold[item] } else { Some(1) };
    let listed = if lettered { panel.n_options[item] } else { 2 };
    let most = (0..panel.n_models())
        .filter_map(|j| panel.choice(item, j))
        .chain(key)
        .map(|k| usize::from(k) + 1)
        .max();
    let n = listed.max(most.unwrap_or(0));
    let mut by_third: [Vec<u32>; 3] = std::array::from_fn(|_| vec![0; n + 1]);
    for (j, &third) in third.iter().enumerate() {
        if !panel.answered(item, j) {
            continue;
        }
        let at = if lettered {
            panel.choice(item, j).map_or(n, usize::from)
        } else {
            usize::from(panel.right[[item, j]] >= 0.5)
        };
        by_third[third][at] += 1;
    }
    let sum = |k: usize| by_third.iter().map(|t| t[k]).sum();
    Votes { by_option: (0..n).map(sum).collect(), none: sum(n), by_third, key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::margin::tests::lettered;

    #[test]
    fn votes_are_counted_by_third_and_the_unreadable_apart() {
        let panel = lettered("ABA", &["AAB", "BBB", "AA-"], 3);
        let v = votes(&panel);
        assert_eq!(v[0].by_option, vec![2, 1, 0]);
        assert_eq!(v[0].by_third[2], vec![0, 1, 0, 0], "the weakest model chose B");
        assert_eq!((v[2].none, v[2].total()), (1, 3));
    }

    #[test]
    fn without_letters_there_is_right_and_wrong() {
        let v = votes(&lettered("AB", &["AAB", "BBB"], 2).without_letters());
        assert_eq!((v[0].by_option.clone(), v[0].key), (vec![1, 2], Some(1)));
    }
}
