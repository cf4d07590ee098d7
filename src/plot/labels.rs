//! Where does a label go so that it covers nothing? Shortening, wrapping and placing.

use super::clip;
use super::font;
use super::scene::{Anchor, Place};

/// Shortens a text to a width. The organisation before a `/` goes first; then the middle is replaced by `…`,
/// because names of models differ at both ends.
pub fn shorten(text: &str, size: f64, room: f64) -> String {
    if font::width(text, size) <= room {
        return text.to_owned();
    }
    if let Some((_, name)) = text.rsplit_once('/') {
        let without = format!("…/{name}");
        if !name.is_empty() && font::width(&without, size) <= room {
            return without;
        }
    }
    let characters: Vec<char> = text.chars().collect();
    for kept in (2..characters.len()).rev() {
        let head = kept.div_ceil(2);
        let candidate: String = characters[..head]
            .iter()
            .chain(std::iter::once(&'…'))
            .chain(&characters[characters.len() - (kept - head)..])
            .collect();
        if font::width(&candidate, size) <= room {
            return candidate;
        }
    }
    "…".to_owned()
}

/// Breaks a text at its plain spaces into lines of at most a width. A word longer than the line is shortened.
pub fn wrap(text: &str, room: f64, width: impl Fn(&str) -> f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split([' ', '\n', '\t']).filter(|w| !w.is_empty()) {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&joined) <= room || line.is_empty() {
            line = joined;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A rectangle: left, top, right, bottom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Bottom edge.
    pub bottom: f64,
}

impl Frame {
    /// Whether the two share any ground.
    pub fn overlaps(&self, other: &Frame) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// Whether `other` lies inside.
    pub fn holds(&self, other: &Frame) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }

    /// Left to right, px.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Top to bottom, px.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// The frame that a line of text takes.
pub fn text_frame(at: Place, text: &str, size: f64, anchor: Anchor) -> Frame {
    let width = font::width(text, size);
    let left = match anchor {
        Anchor::Start => at.0,
        Anchor::Middle => at.0 - width / 2.0,
        Anchor::End => at.0 - width,
    };
    Frame { left, top: at.1 - size * 0.82, right: left + width, bottom: at.1 + size * 0.24 }
}

/// A label that has found its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Position in the list of labels.
    pub index: usize,
    /// The baseline at the anchor.
    pub at: Place,
    /// Which end of the text that is.
    pub anchor: Anchor,
    /// From the point to the text, where the two are apart.
    pub leader: Option<(Place, Place)>,
    /// The ground it takes.
    pub frame: Frame,
}

/// Places labels beside their points, the first ones first, where they cover neither a point nor another
/// label nor an obstacle nor leave the frame. Leaders cross neither labels nor the `texts` that are there already.
/// A label that finds no place is left out.
pub fn place(
    points: &[Place],
    labels: &[(usize, String)],
    size: f64,
    bounds: Frame,
    obstacles: &[Frame],
    texts: &[Frame],
) -> Vec<Placed> {
    let dot = 4.0;
    let dots: Vec<Frame> = points
        .iter()
        .map(|p| Frame { left: p.0 - dot, top: p.1 - dot, right: p.0 + dot, bottom: p.1 + dot })
        .collect();
    let mut taken: Vec<Frame> = obstacles.iter().chain(texts).copied().collect();
    let (mut names, mut leaders): (Vec<Frame>, Vec<(Place, Place)>) = (texts.to_vec(), Vec::new());
    let mut out = Vec::new();
    for (index, (point, text)) in labels.iter().enumerate() {
        let from = points[*point];
        let found = candidates(from, size).into_iter().find_map(|(at, anchor, far)| {
            let frame = text_frame(at, text, size, anchor);
            let leader = far.then(|| (from, nearest_edge(from, frame)));
            let crossed = |segment: &(Place, Place), frame: Frame| {
                !clip::line(&[segment.0, segment.1], frame).is_empty()
            };
            let free = bounds.holds(&frame)
                && !taken.iter().any(|t| t.overlaps(&frame))
                && !dots.iter().any(|d| d.overlaps(&frame))
                && !leaders.iter().any(|l| crossed(l, frame))
                && !leader.is_some_and(|l| names.iter().any(|t| crossed(&l, *t)));
            free.then_some((at, anchor, leader, frame))
        });
        if let Some((at, anchor, leader, frame)) = found {
            taken.push(frame);
            names.push(frame);
            leaders.extend(leader);
            out.push(Placed { index, at, anchor, leader, frame });
        }
    }
    out
}

/// The place on the edge of a frame that is nearest to a point outside.
fn nearest_edge(from: Place, frame: Frame) -> Place {
    (from.0.clamp(frame.left, frame.right), from.1.clamp(frame.top, frame.bottom))
}

/// Places around a point, nearest first: baseline, anchor, and whether a leader is needed.
fn candidates(from: Place, size: f64) -> Vec<(Place, Anchor, bool)> {
    let mut out = Vec::new();
    for (ring, distance) in [7.0, 14.0, 24.0, 36.0, 50.0].into_iter().enumerate() {
        let far = ring > 0;
        let middle = size * font::MIDDLE_TO_BASELINE;
        let diagonal = distance * 0.7;
        out.extend([
            ((from.0 + distance, from.1 + middle), Anchor::Start, far),
            ((from.0 - distance, from.1 + middle), Anchor::End, far),
            ((from.0 + diagonal, from.1 - diagonal + middle), Anchor::Start, far),
            ((from.0 + diagonal, from.1 + diagonal + middle), Anchor::Start, far),
            ((from.0 - diagonal, from.1 - diagonal + middle), Anchor::End, far),
            ((from.0 - diagonal, from.1 + diagonal + middle), Anchor::End, far),
            ((from.0, from.1 - distance), Anchor::Middle, far),
            ((from.0, from.1 + distance + size * 0.75), Anchor::Middle, far),
        ]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        let name = "meta-llama/Llama-3.1-405B-Instruct-FP8";
        assert_eq!(shorten(name, 11.0, 200.0), "…/Llama-3.1-405B-Instruct-FP8");
        let short = shorten(name, 11.0, 120.0);
        assert!(font::width(&short, 11.0) <= 120.0);
        assert!(short.starts_with("meta") && short.ends_with("FP8") && short.contains('…'));
        assert_eq!(shorten("gpt", 11.0, 120.0), "gpt");
    }

    #[test]
    fn lines_keep_to_their_width() {
        let lines = wrap("one two three four five", 60.0, |t| font::width(t, 11.0));
        assert!(lines.len() > 1 && lines.iter().all(|l| font::width(l, 11.0) <= 60.0));
        assert_eq!(lines.join(" "), "one two three four five");
    }

    #[test]
    fn placed_labels_never_cover_one_another() {
        let points: Vec<Place> = (0..40).map(|k| (100.0 + (k % 7) as f64 * 3.0, 100.0 + k as f64)).collect();
        let labels: Vec<(usize, String)> = (0..40).map(|k| (k, format!("model-{k}"))).collect();
        let bounds = Frame { left: 0.0, top: 0.0, right: 300.0, bottom: 300.0 };
        let placed = place(&points, &labels, 11.0, bounds, &[], &[]);
        assert!(placed.len() > 10);
        let frames: Vec<Frame> =
            placed.iter().map(|p| text_frame(p.at, &labels[p.index].1, 11.0, p.anchor)).collect();
        for (a, first) in frames.iter().enumerate() {
            assert!(bounds.holds(first));
            assert!(frames[a + 1..].iter().all(|second| !first.overlaps(second)));
        }
    }
}
