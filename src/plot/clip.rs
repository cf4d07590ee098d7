//! Which part of a line lies inside a panel? Lines cut at a frame.

use super::labels::Frame;
use super::scene::Place;

/// The pieces of a line through `points` that lie inside `frame`.
pub(super) fn line(points: &[Place], frame: Frame) -> Vec<Vec<Place>> {
    let mut pieces: Vec<Vec<Place>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1], frame) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// The part of a segment inside a frame.
///
/// # Reference
/// Liang & Barsky 1984, doi:10.1145/357332.357333.
fn segment(from: Place, to: Place, frame: Frame) -> Option<(Place, Place)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (step, room) in [
        (-dx, from.0 - frame.left),
        (dx, frame.right - from.0),
        (-dy, from.1 - frame.top),
        (dy, frame.bottom - from.1),
    ] {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    if enter > leave {
        return None;
    }
    let at = |t: f64| {
        if t == 0.0 {
            from
        } else if t == 1.0 {
            to
        } else {
            (from.0 + t * dx, from.1 + t * dy)
        }
    };
    Some((at(enter), at(leave)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_leaves_and_comes_back_is_cut_in_two() {
        let frame = Frame { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
        let pieces = line(&[(0.0, 5.0), (5.0, 15.0), (10.0, 5.0)], frame);
        assert_eq!(pieces, vec![vec![(0.0, 5.0), (2.5, 10.0)], vec![(7.5, 10.0), (10.0, 5.0)]]);
        assert!(line(&[(-5.0, 20.0), (20.0, 20.0)], frame).is_empty());
        assert_eq!(line(&[(1.0, 1.0), (2.0, 2.0), (3.0, 1.0)], frame).len(), 1);
    }
}
