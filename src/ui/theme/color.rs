//! Colours as themes write them, and how far apart they look.

use ratatui::style::Color;

/// A colour of a theme, before it is known what the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    /// An exact colour.
    Exact(Rgb),
    /// One of the sixteen of the terminal's own palette, by its number.
    Ansi(u8),
    /// What the terminal uses when nothing is said.
    Default,
}

/// Red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rgb(pub(super) u8, pub(super) u8, pub(super) u8);

/// The sixteen colours by number: name, what ratatui calls it, and its usual value, that of xterm.
pub(super) const ANSI: [(&str, Color, Rgb); 16] = [
    ("black", Color::Black, Rgb(0, 0, 0)),
    ("red", Color::Red, Rgb(205, 0, 0)),
    ("green", Color::Green, Rgb(0, 205, 0)),
    ("yellow", Color::Yellow, Rgb(205, 205, 0)),
    ("blue", Color::Blue, Rgb(0, 0, 238)),
    ("magenta", Color::Magenta, Rgb(205, 0, 205)),
    ("cyan", Color::Cyan, Rgb(0, 205, 205)),
    ("white", Color::Gray, Rgb(229, 229, 229)),
    ("bright-black", Color::DarkGray, Rgb(127, 127, 127)),
    ("bright-red", Color::LightRed, Rgb(255, 0, 0)),
    ("bright-green", Color::LightGreen, Rgb(0, 255, 0)),
    ("bright-yellow", Color::LightYellow, Rgb(255, 255, 0)),
    ("bright-blue", Color::LightBlue, Rgb(92, 92, 255)),
    ("bright-magenta", Color::LightMagenta, Rgb(255, 0, 255)),
    ("bright-cyan", Color::LightCyan, Rgb(0, 255, 255)),
    ("bright-white", Color::White, Rgb(255, 255, 255)),
];

/// The name of [`Paint::Default`].
pub(super) const DEFAULT: &str = "default";

impl Paint {
    /// The colour that `text` names by itself: `#rrggbb`, one of the sixteen, or `default`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == DEFAULT {
            return Some(Self::Default);
        }
        if let Some(digits) = text.strip_prefix('#') {
            return Rgb::parse(digits).map(Self::Exact);
        }
        let number = ANSI.iter().position(|(name, ..)| *name == text)?;
        u8::try_from(number).ok().map(Self::Ansi)
    }

    /// Its exact value, if it does not depend on the terminal.
    pub(super) fn exact(self) -> Option<Rgb> {
        match self {
            Self::Exact(rgb) => Some(rgb),
            Self::Ansi(_) | Self::Default => None,
        }
    }
}

impl Rgb {
    fn parse(digits: &str) -> Option<Self> {
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self(red, green, blue))
    }

    /// Its share of the light of each primary, 0 to 1.
    pub(super) fn light(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// The contrast of the two after WCAG 2, 1 to 21.
    pub(super) fn contrast(self, other: Self) -> f64 {
        let luminance = |rgb: Self| {
            let [red, green, blue] = rgb.light();
            0.2126f64.mul_add(red, 0.7152f64.mul_add(green, 0.0722 * blue)) + 0.05
        };
        let (one, other) = (luminance(self), luminance(other));
        one.max(other) / one.min(other)
    }

    /// How far apart the two look, in the `OKLab` space, where black and white are 1 apart.
    pub(super) fn distance(self, other: Self) -> f64 {
        oklab_distance(self.light(), other.light())
    }

    /// How far apart the two are in what they mean: among few colours the hue must be kept, so a pale
    /// green is nearer to a full green than to a pale cyan. Only for comparing with each other.
    pub(super) fn difference(self, other: Self) -> f64 {
        let spread = |rgb: Self| {
            let [lightness, a, b] = oklab(rgb.light());
            let chroma = a.hypot(b);
            // A steep start and a flat end: what has any colour counts nearly as if it had much.
            let scale = 0.3 / (chroma + 0.05);
            [0.6 * lightness, a * scale, b * scale]
        };
        let squares = spread(self).into_iter().zip(spread(other)).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>().sqrt()
    }
}

/// How far apart two lights look.
pub(super) fn oklab_distance(one: [f64; 3], other: [f64; 3]) -> f64 {
    let squares = oklab(one).into_iter().zip(oklab(other)).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

/// The matrices are those of Björn Ottosson, "A perceptual color space for image processing".
fn oklab(light: [f64; 3]) -> [f64; 3] {
    let cones = times(
        [
            [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
            [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
            [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
        ],
        light,
    );
    times(
        [
            [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
            [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
            [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
        ],
        cones.map(f64::cbrt),
    )
}

/// The product of a matrix and a column.
pub(super) fn times(matrix: [[f64; 3]; 3], column: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.into_iter().zip(column).map(|(a, b)| a * b).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_or_refused() {
        for (text, paint) in [
            ("#0a141e", Some(Paint::Exact(Rgb(10, 20, 30)))),
            ("#0A141E", Some(Paint::Exact(Rgb(10, 20, 30)))),
            ("bright-red", Some(Paint::Ansi(9))),
            ("default", Some(Paint::Default)),
            ("#fff", None),
            ("#+12345", None),
            ("#ééé", None),
            ("Red", None),
            ("", None),
        ] {
            assert_eq!(Paint::parse(text), paint, "{text}");
        }
    }

    #[test]
    fn contrast_and_distance_have_their_known_values() {
        let (black, white, grey) = (Rgb(0, 0, 0), Rgb(255, 255, 255), Rgb(0x77, 0x77, 0x77));
        assert!((black.contrast(white) - 21.0).abs() < 0.001);
        assert!((grey.contrast(white) - 4.48).abs() < 0.01);
        assert!((black.distance(white) - 1.0).abs() < 0.001);
        assert!(grey.distance(grey) < f64::EPSILON);
        assert!(Rgb(255, 0, 0).distance(Rgb(0, 255, 0)) > Rgb(255, 0, 0).distance(Rgb(200, 0, 0)));
    }
}
