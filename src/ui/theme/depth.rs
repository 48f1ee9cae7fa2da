//! How many colours the terminal has, and the nearest of them to what a theme wants.

use std::fmt;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

use super::color::{ANSI, Paint, Rgb};

/// How many colours the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColorDepth {
    /// None: only bold, reverse, underline and the like.
    None,
    /// The sixteen of the terminal's own palette.
    Ansi16,
    /// The 256 of xterm.
    Indexed256,
    /// All.
    #[default]
    TrueColor,
}

impl ColorDepth {
    /// All of them, the most colours first.
    pub const ALL: [Self; 4] = [Self::TrueColor, Self::Indexed256, Self::Ansi16, Self::None];

    /// Its name in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrueColor => "true",
            Self::Indexed256 => "256",
            Self::Ansi16 => "16",
            Self::None => "none",
        }
    }

    /// What the environment says of the terminal: `NO_COLOR`, `COLORTERM` and `TERM`, which
    /// `variable` looks up.
    #[must_use]
    pub fn of_environment(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        if no_color || term.is_empty() || term == "dumb" {
            return Self::None;
        }
        let exact = ["kitty", "ghostty", "alacritty", "foot", "wezterm", "direct"];
        match variable("COLORTERM").as_deref() {
            Some("truecolor" | "24bit") => Self::TrueColor,
            _ if exact.iter().any(|name| term.contains(name)) => Self::TrueColor,
            _ if term.contains("256color") => Self::Indexed256,
            _ => Self::Ansi16,
        }
    }
}

impl fmt::Display for ColorDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No colour depth has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The colours must be \"true\", \"256\", \"16\" or \"none\".")]
pub struct UnknownDepth;

impl FromStr for ColorDepth {
    type Err = UnknownDepth;

    fn from_str(text: &str) -> Result<Self, UnknownDepth> {
        Self::ALL.into_iter().find(|depth| depth.name() == text).ok_or(UnknownDepth)
    }
}

/// How a role looks, before it is known what the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// The colour of the characters.
    pub(super) fg: Option<Paint>,
    /// The colour behind them.
    pub(super) bg: Option<Paint>,
    /// Bold and the like.
    pub(super) modifiers: Modifier,
}

impl Look {
    /// The style on a screen of the colour `screen`, with the colours of `depth`.
    ///
    /// A ground that differs from the screen's in the theme, and would not with these colours, is
    /// reversed instead.
    pub(super) fn style(self, screen: Option<Paint>, depth: ColorDepth) -> Style {
        let style = Style::new().add_modifier(self.modifiers);
        let ground = self.bg.or(screen).and_then(|paint| nearest(paint, depth, None));
        let vanishes = self.bg.is_some() && self.bg != screen && {
            let screen = screen.and_then(|paint| nearest(paint, depth, None));
            ground.map(Shown::color) == screen.map(Shown::color)
        };
        let ink = self.fg.and_then(|paint| nearest(paint, depth, ground)).map(Shown::color);
        let style = Style { fg: ink, ..style };
        if vanishes {
            // Reversed, the characters' colour is the ground, which any terminal can show.
            return style.add_modifier(Modifier::REVERSED);
        }
        Style { bg: self.bg.and(ground).map(Shown::color), ..style }
    }
}

/// A colour that the terminal has, with its value as far as it is known.
#[derive(Clone, Copy)]
pub(super) struct Shown(Color, Option<Rgb>);

impl Shown {
    fn color(self) -> Color {
        self.0
    }
}

/// How unlike two colours are.
type Measure = fn(Rgb, Rgb) -> f64;

/// The contrast that ink keeps with its ground when colours are few.
const READABLE: f64 = 3.0;

/// The colour of `depth` nearest to `paint`: of those that can be read on `ground`, if one is given.
/// `None` where there are no colours.
fn nearest(paint: Paint, depth: ColorDepth, ground: Option<Shown>) -> Option<Shown> {
    let wanted = match (paint, depth) {
        (_, ColorDepth::None) => return None,
        (Paint::Default, _) => return Some(Shown(Color::Reset, None)),
        (Paint::Ansi(number), _) => {
            let (_, color, _) = ANSI.get(usize::from(number))?;
            return Some(Shown(*color, None));
        }
        (Paint::Exact(rgb), ColorDepth::TrueColor) => {
            return Some(Shown(Color::Rgb(rgb.0, rgb.1, rgb.2), Some(rgb)));
        }
        (Paint::Exact(rgb), ColorDepth::Indexed256 | ColorDepth::Ansi16) => rgb,
    };
    let readable = |rgb: Rgb| {
        let Some(Shown(_, Some(ground))) = ground else {
            return true;
        };
        rgb.contrast(ground) >= READABLE
    };
    let (all, measure): (Vec<(Color, Rgb)>, Measure) = match depth {
        ColorDepth::Ansi16 => {
            (ANSI.iter().map(|(_, color, rgb)| (*color, *rgb)).collect(), Rgb::difference)
        }
        _ => (
            (16..=255).map(|index| (Color::Indexed(index), indexed(index))).collect(),
            Rgb::distance,
        ),
    };
    let (color, rgb) = all
        .into_iter()
        .filter(|(_, rgb)| readable(*rgb))
        .min_by(|(_, a), (_, b)| measure(*a, wanted).total_cmp(&measure(*b, wanted)))?;
    Some(Shown(color, Some(rgb)))
}

/// The value of a colour of xterm's cube (16 to 231) or grey ramp (232 to 255); the sixteen before
/// them are the user's own and never chosen.
pub(super) fn indexed(index: u8) -> Rgb {
    if let Some(step) = index.checked_sub(232) {
        let grey = 8 + 10 * step;
        return Rgb(grey, grey, grey);
    }
    let cube = index.saturating_sub(16);
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    Rgb(level(cube / 36), level(cube / 6 % 6), level(cube % 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        for (variables, depth) in [
            (&[("TERM", "xterm-256color")][..], ColorDepth::Indexed256),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], ColorDepth::TrueColor),
            (&[("TERM", "xterm"), ("COLORTERM", "yes")], ColorDepth::Ansi16),
            (&[("TERM", "xterm-kitty")], ColorDepth::TrueColor),
            (&[("TERM", "linux")], ColorDepth::Ansi16),
            (&[("TERM", "dumb"), ("COLORTERM", "truecolor")], ColorDepth::None),
            (&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")], ColorDepth::None),
            (&[("TERM", "xterm-kitty"), ("NO_COLOR", "")], ColorDepth::TrueColor),
            (&[], ColorDepth::None),
        ] {
            let look_up = |name: &str| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(ColorDepth::of_environment(&look_up), depth, "{variables:?}");
        }
    }

    #[test]
    fn names_read_back() {
        for depth in ColorDepth::ALL {
            assert_eq!(depth.name().parse(), Ok(depth));
        }
        assert_eq!(
            "many".parse::<ColorDepth>().unwrap_err().to_string(),
            "The colours must be \"true\", \"256\", \"16\" or \"none\"."
        );
    }

    #[test]
    fn the_nearest_colour_is_one_that_the_terminal_has() {
        let red = Paint::Exact(Rgb(250, 10, 5));
        let black = Some(Paint::Exact(Rgb(1, 1, 1)));
        let look = Look { fg: Some(red), ..Look::default() };
        for (depth, color) in [
            (ColorDepth::TrueColor, Some(Color::Rgb(250, 10, 5))),
            (ColorDepth::Indexed256, Some(Color::Indexed(196))),
            (ColorDepth::Ansi16, Some(Color::LightRed)),
            (ColorDepth::None, None),
        ] {
            assert_eq!(look.style(black, depth).fg, color, "{depth}");
        }
        assert_eq!(indexed(16), Rgb(0, 0, 0));
        assert_eq!(indexed(231), Rgb(255, 255, 255));
        assert_eq!(indexed(255), Rgb(238, 238, 238));
    }

    #[test]
    fn few_colours_stay_readable_and_a_ground_that_would_vanish_is_reversed() {
        let paint = |r, g, b| Some(Paint::Exact(Rgb(r, g, b)));
        let screen = paint(10, 12, 14);
        let faint = Look { fg: paint(40, 40, 44), ..Look::default() };
        assert_eq!(faint.style(screen, ColorDepth::Ansi16).fg, Some(Color::DarkGray));
        let cursor = Look { bg: paint(24, 28, 32), ..Look::default() };
        for depth in [ColorDepth::Ansi16, ColorDepth::None] {
            assert_eq!(cursor.style(screen, depth), Style::new().reversed(), "{depth}");
        }
        let shown = cursor.style(screen, ColorDepth::TrueColor);
        assert_eq!(shown, Style::new().bg(Color::Rgb(24, 28, 32)));
        let same = Look { bg: screen, ..Look::default() };
        assert_eq!(same.style(screen, ColorDepth::None), Style::new());
    }
}
