//! How do item parameters lie in one vector? Blocks of items, a shared slope, and free coordinates.
//!
//! Optimisers move in free coordinates without constraints; curves know natural parameters. They differ only
//! for the graded model, whose thresholds must descend: `d₁` and the logarithms of the gaps are free.

use super::curve::Kind;

#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub kind: Kind,
    pub common_slope: bool,
    /// Where the natural parameters of each item begin; one more at the end.
    pub natural: Vec<usize>,
    /// Where the square information block of each item begins; one more at the end.
    pub square: Vec<usize>,
}

impl Layout {
    pub fn new(kind: Kind, common_slope: bool, n_levels: &[usize]) -> Self {
        let (mut natural, mut square) = (vec![0], vec![0]);
        for levels in n_levels {
            let n = kind.n_parameters(*levels);
            natural.push(natural[natural.len() - 1] + n);
            square.push(square[square.len() - 1] + n * n);
        }
        Self { kind, common_slope, natural, square }
    }

    pub fn n_items(&self) -> usize {
        self.natural.len() - 1
    }

    /// Number of natural parameters of an item.
    pub fn size(&self, item: usize) -> usize {
        self.natural[item + 1] - self.natural[item]
    }

    /// Number of free parameters.
    pub fn n_free(&self) -> usize {
        let all = self.natural[self.n_items()];
        if self.common_slope { all - self.n_items() + 1 } else { all }
    }

    /// Place of the free block of an item, without the slope if that is shared.
    pub fn block(&self, item: usize) -> std::ops::Range<usize> {
        match self.common_slope {
            true => 1 + self.natural[item] - item..1 + self.natural[item + 1] - (item + 1),
            false => self.natural[item]..self.natural[item + 1],
        }
    }

    /// How the free parameters of the items move when θ is shifted by one: `d` by `a`.
    pub fn shift(&self, natural: &[f64]) -> Vec<f64> {
        let mut direction = vec![0.0; self.n_free()];
        for i in 0..self.n_items() {
            let a = natural[self.natural[i]];
            let first = self.block(i).start + usize::from(!self.common_slope);
            // The steps of partial credit carry θ as often as they count.
            let steps = if self.kind == Kind::PartialCredit { self.size(i) - 1 } else { 1 };
            (0..steps).for_each(|k| direction[first + k] = a * (k + 1) as f64);
        }
        direction
    }

    /// How they move when θ is stretched: `a` in proportion.
    pub fn stretch(&self, natural: &[f64]) -> Vec<f64> {
        let mut direction = vec![0.0; self.n_free()];
        for i in 0..self.n_items() {
            let at = if self.common_slope { 0 } else { self.block(i).start };
            direction[at] = natural[self.natural[i]];
        }
        direction
    }

    /// Natural parameters of all items.
    pub fn to_natural(&self, x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.natural[self.n_items()]];
        for i in 0..self.n_items() {
            let p = &mut out[self.natural[i]..self.natural[i + 1]];
            match self.common_slope {
                true => {
                    p[0] = x[0];
                    p[1..].copy_from_slice(&x[self.block(i)]);
                }
                false => p.copy_from_slice(&x[self.block(i)]),
            }
            if self.kind == Kind::Graded {
                for k in 2..p.len() {
                    p[k] = p[k - 1] - p[k].exp();
                }
            }
        }
        out
    }

    /// Free parameters of natural ones; thresholds are brought into order with a small gap.
    pub fn to_free(&self, natural: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; self.n_free()];
        if self.common_slope {
            x[0] = (0..self.n_items()).map(|i| natural[self.natural[i]]).sum::<f64>() / self.n_items() as f64;
        }
        for i in 0..self.n_items() {
            let mut p = natural[self.natural[i]..self.natural[i + 1]].to_vec();
            if self.kind == Kind::Graded {
                for k in (2..p.len()).rev() {
                    p[k] = (p[k - 1] - p[k]).max(1e-3).ln();
                }
            }
            let from = self.common_slope as usize;
            x[self.block(i)].copy_from_slice(&p[from..]);
        }
        x
    }

    /// `∂ natural / ∂ free` of one item, `size × size`, row by row; identity but for the graded model.
    pub fn jacobian(&self, item: usize, natural: &[f64]) -> Option<Vec<f64>> {
        let n = self.size(item);
        if self.kind != Kind::Graded || n < 3 {
            return None;
        }
        let p = &natural[self.natural[item]..self.natural[item + 1]];
        let mut j = vec![0.0; n * n];
        j[0] = 1.0;
        for k in 1..n {
            j[k * n + 1] = 1.0;
            for m in 2..=k {
                j[k * n + m] = -(p[m - 1] - p[m]);
            }
        }
        Some(j)
    }

    /// Brings gradient and information of one item from natural to free coordinates, in place.
    pub fn pull_back(&self, item: usize, natural: &[f64], gradient: &mut [f64], information: &mut [f64]) {
        let Some(j) = self.jacobian(item, natural) else { return };
        let n = gradient.len();
        let g = gradient.to_vec();
        for m in 0..n {
            gradient[m] = (0..n).map(|k| j[k * n + m] * g[k]).sum();
        }
        let mut half = vec![0.0; n * n];
        for a in 0..n {
            for b in 0..n {
                half[a * n + b] = (0..n).map(|k| information[a * n + k] * j[k * n + b]).sum();
            }
        }
        for a in 0..n {
            for b in 0..n {
                information[a * n + b] = (0..n).map(|k| j[k * n + a] * half[k * n + b]).sum();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_and_natural_parameters_are_inverse() {
        let layout = Layout::new(Kind::Graded, false, &[4, 2]);
        let natural = vec![1.2, 2.0, 0.5, -1.0, 0.7, 0.1];
        let back = layout.to_natural(&layout.to_free(&natural));
        assert!(natural.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn a_common_slope_is_one_parameter() {
        let layout = Layout::new(Kind::Logistic, true, &[2, 2, 2]);
        assert_eq!(layout.n_free(), 4);
        assert_eq!(layout.to_natural(&[1.5, 0.1, 0.2, 0.3]), vec![1.5, 0.1, 1.5, 0.2, 1.5, 0.3]);
        assert_eq!(layout.block(2), 3..4);
    }
}
