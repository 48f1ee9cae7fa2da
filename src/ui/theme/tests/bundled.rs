//! The built-in themes: they load, and can be told apart and read.

use ratatui::style::{Color, Modifier};

use super::super::color::{ANSI, Rgb, oklab_distance, times};
use super::super::depth::indexed;
use super::*;

/// Those whose colours do not depend on the terminal's palette.
const EXACT: [&str; 4] = ["dark", "light", "high-contrast", "colour-blind"];

const HEALTH: [Role; 5] = [
    Role::HealthFailed,
    Role::HealthDegraded,
    Role::HealthProgressing,
    Role::HealthUnknown,
    Role::HealthHealthy,
];

const HEADERS: [Role; 4] =
    [Role::HeaderProduction, Role::HeaderStaging, Role::HeaderLocal, Role::HeaderTraining];

/// The grounds that characters of other roles are drawn on.
const GROUNDS: [Role; 4] = [Role::Screen, Role::Dialog, Role::Cursor, Role::CursorUnfocused];

/// How different two colours must look to be told apart at a glance.
const APART: f64 = 0.06;

fn rgb(color: Color) -> Option<Rgb> {
    match color {
        Color::Rgb(red, green, blue) => Some(Rgb(red, green, blue)),
        Color::Indexed(index) => Some(indexed(index)),
        named => ANSI.iter().find(|(_, color, _)| *color == named).map(|(_, _, rgb)| *rgb),
    }
}

fn pairs<T: Copy>(all: &[T]) -> Vec<(T, T)> {
    let after = |at: usize| all.iter().skip(at + 1).map(move |other| (all[at], *other));
    (0..all.len()).flat_map(after).collect()
}

#[test]
fn every_theme_loads_without_a_warning_at_each_depth() {
    for name in BUILTIN_NAMES {
        for depth in ColorDepth::ALL {
            let theme = theme(name, depth);
            assert_eq!(theme.name(), name);
            for role in Role::ALL {
                let style = theme.style(role);
                let colours = [style.fg, style.bg].into_iter().flatten();
                for color in colours {
                    assert!(has(depth, color), "{name} at {depth}: {role} is {color}");
                }
            }
        }
    }
    assert_eq!(builtin("neon"), None);
}

fn has(depth: ColorDepth, color: Color) -> bool {
    match color {
        Color::Rgb(..) => depth == ColorDepth::TrueColor,
        Color::Indexed(_) => depth == ColorDepth::Indexed256,
        _ => depth != ColorDepth::None,
    }
}

/// Roles that are drawn only between rows, and never on the cursor.
const LINES: [Role; 3] = [Role::Border, Role::BorderFocused, Role::Scrollbar];

#[test]
fn everything_can_be_read_on_every_ground_it_is_drawn_on() {
    let mut faint = Vec::new();
    for name in EXACT {
        for (depth, share) in [(ColorDepth::TrueColor, 1.0), (ColorDepth::Indexed256, 0.9)] {
            let theme = theme(name, depth);
            let text = theme.style(Role::Text).fg.unwrap();
            for role in Role::ALL {
                let style = theme.style(role);
                let min = if name == "high-contrast" { 7.0 } else { role.contrast_min() } * share;
                let grounds: Vec<Color> = match style.bg {
                    Some(ground) => vec![ground],
                    None => GROUNDS
                        .iter()
                        .filter(|ground| ground.is_area() || !LINES.contains(&role))
                        .filter_map(|ground| theme.style(*ground).bg)
                        .collect(),
                };
                for ground in grounds {
                    let ink = rgb(style.fg.unwrap_or(text)).unwrap();
                    let ratio = ink.contrast(rgb(ground).unwrap());
                    if ratio < min {
                        faint.push(format!("{name} at {depth}: {role} on {ground}: {ratio:.2}"));
                    }
                }
            }
        }
    }
    assert_eq!(faint, Vec::<String>::new());
}

#[test]
fn few_colours_are_still_read() {
    for name in EXACT {
        let theme = theme(name, ColorDepth::Ansi16);
        let ground = theme.style(Role::Screen).bg;
        for role in Role::ALL {
            let style = theme.style(role);
            let (Some(ink), Some(ground)) = (style.fg, style.bg.or(ground)) else {
                continue;
            };
            let ratio = rgb(ink).unwrap().contrast(rgb(ground).unwrap());
            assert!(ratio >= 3.0, "{name}: {role}, {ink} on {ground}, has {ratio:.2}");
        }
    }
}

#[test]
fn the_cursor_is_seen_in_every_theme_at_every_depth() {
    let mut unseen = Vec::new();
    for name in BUILTIN_NAMES {
        for depth in ColorDepth::ALL {
            let theme = theme(name, depth);
            let screen = theme.style(Role::Screen);
            for role in [Role::Cursor, Role::CursorUnfocused] {
                let style = theme.style(role);
                let marked =
                    style.add_modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED);
                let lit = match (style.bg.and_then(rgb), screen.bg.and_then(rgb)) {
                    (Some(one), Some(other)) => one.distance(other) >= APART,
                    _ => false,
                };
                if !marked && !lit {
                    unseen.push(format!("{name} at {depth}: {role} is {style:?}"));
                }
            }
        }
        let theme = theme(name, ColorDepth::TrueColor);
        assert_ne!(theme.style(Role::Cursor), theme.style(Role::CursorUnfocused), "{name}");
    }
    assert_eq!(unseen, Vec::<String>::new());
}

#[test]
fn health_and_profiles_are_told_apart() {
    let mut same = Vec::new();
    for name in BUILTIN_NAMES {
        for depth in ColorDepth::ALL {
            if depth == ColorDepth::None && name != "none" {
                continue;
            }
            let theme = theme(name, depth);
            for (one, other) in pairs(&HEALTH).into_iter().chain(pairs(&HEADERS)) {
                let (a, b) = (theme.style(one), theme.style(other));
                if (a.fg, a.bg, a.add_modifier) == (b.fg, b.bg, b.add_modifier) {
                    same.push(format!("{name} at {depth}: {one} and {other} are {a:?}"));
                }
            }
        }
    }
    assert_eq!(same, Vec::<String>::new());
}

/// Colours as eyes without one kind of cones see them, after Machado, Oliveira and Fernandes, 2009.
const EYES: [(&str, [[f64; 3]; 3]); 3] = [
    ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
];

fn seen(eye: [[f64; 3]; 3], color: Color) -> [f64; 3] {
    times(eye, rgb(color).unwrap().light()).map(|part| part.clamp(0.0, 1.0))
}

#[test]
fn health_looks_different_to_every_eye_the_theme_is_for() {
    let mut near = Vec::new();
    for name in EXACT {
        let theme = theme(name, ColorDepth::TrueColor);
        for (eye, matrix) in EYES {
            if eye != "normal" && name != "colour-blind" {
                continue;
            }
            for (one, other) in pairs(&HEALTH) {
                let light = |role| seen(matrix, theme.style(role).fg.unwrap());
                let distance = oklab_distance(light(one), light(other));
                if distance < APART {
                    near.push(format!("{name}, {eye}: {one} and {other}: {distance:.3}"));
                }
            }
        }
    }
    assert_eq!(near, Vec::<String>::new());
}

#[test]
fn the_theme_without_colour_has_none() {
    for depth in ColorDepth::ALL {
        let theme = theme("none", depth);
        for role in Role::ALL {
            assert_eq!((theme.style(role).fg, theme.style(role).bg), (None, None), "{role}");
        }
    }
}

#[test]
fn whole_areas_are_never_reversed() {
    for name in BUILTIN_NAMES {
        for depth in ColorDepth::ALL {
            let theme = theme(name, depth);
            for role in Role::ALL.into_iter().filter(|role| role.is_area()) {
                let reversed = theme.style(role).add_modifier.contains(Modifier::REVERSED);
                assert!(!reversed, "{name} at {depth}: {role}");
            }
        }
    }
    let pane = theme("dark", ColorDepth::None).style(Role::PaneActive);
    assert!(pane.add_modifier.contains(Modifier::REVERSED));
}

#[test]
fn a_role_without_a_ground_leaves_the_ground_alone() {
    let ours = [
        Role::Screen,
        Role::Dialog,
        Role::Header,
        Role::HeaderProduction,
        Role::HeaderStaging,
        Role::HeaderLocal,
        Role::HeaderTraining,
        Role::Pane,
        Role::PaneActive,
        Role::Badge,
        Role::Cursor,
        Role::CursorUnfocused,
        Role::Gap,
        Role::Selection,
    ];
    for name in EXACT {
        let theme = theme(name, ColorDepth::TrueColor);
        for role in Role::ALL {
            assert_eq!(theme.style(role).bg.is_some(), ours.contains(&role), "{name}: {role}");
        }
        assert_eq!(theme.style(Role::Cursor).fg, None, "{name}");
    }
}
