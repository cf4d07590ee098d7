//! Which colours? Inks with a light and a dark value, told apart by every kind of colour vision.

/// A colour by its role. The series colours are those of Okabe and Ito, darkened or lightened where a thin
/// line needs more contrast with the ground.
///
/// # Reference
/// Okabe & Ito 2008, *Color universal design*, <https://jfly.uni-koeln.de/color/>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Titles and values.
    Text,
    /// Axis titles, tick labels, notes.
    Muted,
    /// Axis lines.
    Axis,
    /// Grid lines.
    Grid,
    /// The ground.
    Surface,
    /// A faint fill that sets a row or a region apart.
    Shade,
    /// First series.
    Blue,
    /// Second series.
    Orange,
    /// Third series; keyed options.
    Green,
    /// Fourth series.
    Purple,
    /// Warnings: regions and marks that deserve a look.
    Alarm,
    /// Wrong answers in a response map, the same in both themes.
    Wrong,
    /// Right answers in a response map, the same in both themes.
    Right,
}

/// The inks of series, in the order of use.
pub const SERIES: [Ink; 5] = [Ink::Blue, Ink::Orange, Ink::Green, Ink::Purple, Ink::Muted];

impl Ink {
    /// All inks.
    pub const ALL: [Ink; 13] = [
        Self::Text,
        Self::Muted,
        Self::Axis,
        Self::Grid,
        Self::Surface,
        Self::Shade,
        Self::Blue,
        Self::Orange,
        Self::Green,
        Self::Purple,
        Self::Alarm,
        Self::Wrong,
        Self::Right,
    ];

    /// The name of its CSS variable, without the dashes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "ink-text",
            Self::Muted => "ink-muted",
            Self::Axis => "ink-axis",
            Self::Grid => "ink-grid",
            Self::Surface => "ink-surface",
            Self::Shade => "ink-shade",
            Self::Blue => "ink-blue",
            Self::Orange => "ink-orange",
            Self::Green => "ink-green",
            Self::Purple => "ink-purple",
            Self::Alarm => "ink-alarm",
            Self::Wrong => "ink-wrong",
            Self::Right => "ink-right",
        }
    }

    /// Red, green and blue on a light ground.
    pub fn light(self) -> (u8, u8, u8) {
        match self {
            Self::Text => (0x1c, 0x21, 0x28),
            Self::Muted => (0x57, 0x60, 0x6a),
            Self::Axis => (0x8c, 0x95, 0x9f),
            Self::Grid => (0xe4, 0xe7, 0xeb),
            Self::Surface => (0xff, 0xff, 0xff),
            Self::Shade => (0xf3, 0xf5, 0xf7),
            Self::Blue => (0x00, 0x72, 0xb2),
            Self::Orange => (0xc9, 0x7b, 0x00),
            Self::Green => (0x00, 0x8a, 0x64),
            Self::Purple => (0xa8, 0x4f, 0x88),
            Self::Alarm => (0xd5, 0x5e, 0x00),
            Self::Wrong => (0xf0, 0xb0, 0x42),
            Self::Right => (0x1a, 0x73, 0xb5),
        }
    }

    /// Red, green and blue on a dark ground.
    pub fn dark(self) -> (u8, u8, u8) {
        match self {
            Self::Text => (0xe6, 0xea, 0xef),
            Self::Muted => (0xa3, 0xac, 0xb7),
            Self::Axis => (0x70, 0x7a, 0x86),
            Self::Grid => (0x2d, 0x33, 0x3b),
            Self::Surface => (0x15, 0x18, 0x1d),
            Self::Shade => (0x1f, 0x24, 0x2b),
            Self::Blue => (0x56, 0xb4, 0xe9),
            Self::Orange => (0xf0, 0xb4, 0x3c),
            Self::Green => (0x2b, 0xc0, 0x96),
            Self::Purple => (0xdf, 0x9a, 0xc4),
            Self::Alarm => (0xf2, 0x8a, 0x45),
            Self::Wrong => (0xf0, 0xb0, 0x42),
            Self::Right => (0x1a, 0x73, 0xb5),
        }
    }
}

/// `#rrggbb`.
pub fn hex((r, g, b): (u8, u8, u8)) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The CSS variables of all inks: light, and dark where the reader prefers it. Paper is always light.
pub fn stylesheet() -> String {
    let rule = |value: fn(Ink) -> (u8, u8, u8)| -> String {
        Ink::ALL.iter().map(|i| format!("--{}:{};", i.name(), hex(value(*i)))).collect()
    };
    format!(
        ":root{{{}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{}}}}}\n",
        rule(Ink::light),
        rule(Ink::dark)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two colours as in WCAG 2.1.
    fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
        let channel = |c: u8| {
            let c = c as f64 / 255.0;
            if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let l = |(r, g, b)| 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
        let (x, y) = (l(a).max(l(b)), l(a).min(l(b)));
        (x + 0.05) / (y + 0.05)
    }

    #[test]
    fn text_can_be_read_and_marks_can_be_seen_in_both_themes() {
        for value in [Ink::light as fn(Ink) -> _, Ink::dark] {
            for ground in [Ink::Surface, Ink::Shade] {
                for text in [Ink::Text, Ink::Muted] {
                    assert!(contrast(value(text), value(ground)) >= 4.5, "{text:?} on {ground:?}");
                }
            }
            for mark in [Ink::Blue, Ink::Orange, Ink::Green, Ink::Purple, Ink::Alarm] {
                assert!(contrast(value(mark), value(Ink::Surface)) >= 3.0, "{mark:?}");
            }
        }
    }
}
