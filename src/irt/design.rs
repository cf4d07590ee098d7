//! Does the design hang together? Connected parts of the graph of items and respondents.

use super::data::{Packed, Responses};

/// Component of each item and of each respondent; components are numbered from 0 in order of items.
pub(crate) struct Components {
    pub of_item: Vec<usize>,
    pub of_respondent: Vec<usize>,
    pub count: usize,
}

fn find(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

/// Joins every item with everybody who answered it (union–find).
pub(crate) fn components(data: &Responses) -> Components {
    let (items, respondents) = (data.n_items(), data.n_respondents());
    if data.complete {
        return Components { of_item: vec![0; items], of_respondent: vec![0; respondents], count: 1 };
    }
    let mut parent: Vec<usize> = (0..items + respondents).collect();
    let mut join = |item: usize, respondent: usize| {
        let (a, b) = (find(&mut parent, item), find(&mut parent, items + respondent));
        parent[b.max(a)] = a.min(b);
    };
    for i in 0..items {
        if let Packed::Bits(bits) = &data.cells {
            for (w, word) in bits.present_row(i).iter().enumerate() {
                let mut word = *word;
                while word != 0 {
                    join(i, w * 64 + word.trailing_zeros() as usize);
                    word &= word - 1;
                }
            }
        } else {
            (0..respondents).filter(|r| data.cell(i, *r).is_some()).for_each(|r| join(i, r));
        }
    }
    let mut number = std::collections::HashMap::new();
    let mut of = |at: usize| {
        let root = find(&mut parent, at);
        let next = number.len();
        *number.entry(root).or_insert(next)
    };
    let of_item: Vec<usize> = (0..items).map(&mut of).collect();
    let of_respondent = (0..respondents).map(|r| of(items + r)).collect();
    let count = number.len();
    Components { of_item, of_respondent, count }
}
