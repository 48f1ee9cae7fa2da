//! One frame, printed: as text, with colours for a terminal, or as a picture.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::app::App;
use crate::ui;
use crate::ui::theme::Theme;

/// How a frame is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Characters only.
    Text,
    /// Characters with colours, as a terminal takes them.
    Ansi,
    /// A picture.
    Svg,
}

/// Draws one frame of `app`.
#[must_use]
pub fn frame(app: &mut App, theme: &Theme) -> Buffer {
    app.settle();
    let geometry = app.geometry();
    let (width, height) = app.screen.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    ui::draw(app, &geometry, theme, &mut buffer);
    buffer
}

/// Prints `buffer`.
#[must_use]
pub fn print(buffer: &Buffer, format: Format) -> String {
    match format {
        Format::Text => text(buffer),
        Format::Ansi => ansi(buffer),
        Format::Svg => svg(buffer),
    }
}

/// The cells of each line; the cell behind a wide character is left out.
fn lines(buffer: &Buffer) -> impl Iterator<Item = Vec<(u16, &Cell)>> {
    let area = buffer.area;
    (area.top()..area.bottom()).map(move |y| {
        let mut cells = Vec::new();
        let mut x = area.left();
        while x < area.right() {
            let Some(cell) = buffer.cell((x, y)) else { break };
            cells.push((x, cell));
            let wide = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
            x += u16::try_from(wide).unwrap_or(1);
        }
        cells
    })
}

fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for line in lines(buffer) {
        let line: String = line.into_iter().map(|(_, cell)| cell.symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn ansi(buffer: &Buffer) -> String {
    let mut out = String::new();
    for line in lines(buffer) {
        let mut style = None;
        for (_, cell) in line {
            let wanted = (cell.fg, cell.bg, cell.modifier);
            if style != Some(wanted) {
                out.push_str("\u{1b}[0");
                push_sgr(&mut out, wanted);
                out.push('m');
                style = Some(wanted);
            }
            out.push_str(cell.symbol());
        }
        out.push_str("\u{1b}[0m\n");
    }
    out
}

/// Modifiers with their number in a terminal's language.
const MODIFIERS: [(Modifier, &str); 6] = [
    (Modifier::BOLD, ";1"),
    (Modifier::DIM, ";2"),
    (Modifier::ITALIC, ";3"),
    (Modifier::UNDERLINED, ";4"),
    (Modifier::REVERSED, ";7"),
    (Modifier::CROSSED_OUT, ";9"),
];

fn push_sgr(out: &mut String, (fg, bg, modifier): (Color, Color, Modifier)) {
    for (flag, code) in MODIFIERS {
        if modifier.contains(flag) {
            out.push_str(code);
        }
    }
    for (color, base) in [(fg, 30), (bg, 40)] {
        // Writing to a string can't fail.
        let _ = match color {
            Color::Reset => Ok(()),
            Color::Rgb(r, g, b) => write!(out, ";{};2;{r};{g};{b}", base + 8),
            Color::Indexed(index) => write!(out, ";{};5;{index}", base + 8),
            named => {
                let index = ansi_index(named);
                let base = if index < 8 { base } else { base + 60 };
                write!(out, ";{}", base + u16::from(index % 8))
            }
        };
    }
}

const fn ansi_index(color: Color) -> u8 {
    match color {
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        _ => 0,
    }
}

/// The size of a cell of the picture, in its units.
const CELL: (u32, u32) = (9, 19);

fn svg(buffer: &Buffer) -> String {
    let (width, height) =
        (u32::from(buffer.area.width) * CELL.0, u32::from(buffer.area.height) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"15\" xml:space=\"preserve\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
        hex(Color::Reset, "#14171c")
    );
    for (y, line) in lines(buffer).enumerate() {
        let y = u32::try_from(y).unwrap_or(0) * CELL.1;
        for run in runs(&line) {
            svg_run(&mut out, &run, y);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Neighbouring cells of one style.
struct Run {
    x: u32,
    cells: u32,
    text: String,
    fg: String,
    bg: Option<String>,
    modifier: Modifier,
}

fn runs(line: &[(u16, &Cell)]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (x, cell) in line {
        let reversed = cell.modifier.contains(Modifier::REVERSED);
        let (fg, bg) = if reversed { (cell.bg, cell.fg) } else { (cell.fg, cell.bg) };
        let fg = hex(fg, if reversed { "#14171c" } else { "#d7dae0" });
        let bg = (bg != Color::Reset || reversed).then(|| hex(bg, "#d7dae0"));
        let wide = u32::try_from(unicode_width::UnicodeWidthStr::width(cell.symbol())).unwrap_or(1);
        match runs.last_mut() {
            Some(run) if run.fg == fg && run.bg == bg && run.modifier == cell.modifier => {
                run.text.push_str(cell.symbol());
                run.cells += wide.max(1);
            }
            _ => runs.push(Run {
                x: u32::from(*x),
                cells: wide.max(1),
                text: cell.symbol().to_owned(),
                fg,
                bg,
                modifier: cell.modifier,
            }),
        }
    }
    runs
}

fn svg_run(out: &mut String, run: &Run, y: u32) {
    let (x, width) = (run.x * CELL.0, run.cells * CELL.0);
    if let Some(bg) = &run.bg {
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{bg}\"/>",
            CELL.1
        );
    }
    if run.text.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    for (flag, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::DIM, " opacity=\"0.65\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if run.modifier.contains(flag) {
            style.push_str(attribute);
        }
    }
    let text = run.text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" fill=\"{}\"{style}>{text}</text>",
        y + 14,
        run.fg
    );
}

/// The sixteen named colours as pictures show them.
const NAMED: [&str; 16] = [
    "#1c1f24", "#cc4242", "#4e9a4e", "#c4a02b", "#4a78c4", "#9a5fb0", "#3a9a9a", "#c0c4cc",
    "#5c636e", "#e06c6c", "#7cc47c", "#e0c060", "#7aa6e8", "#c08fd6", "#6cc4c4", "#f2f4f8",
];

fn hex(color: Color, default: &str) -> String {
    match color {
        Color::Reset => default.to_owned(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(index) if index >= 232 => {
            let level = 8 + (index - 232) * 10;
            format!("#{level:02x}{level:02x}{level:02x}")
        }
        Color::Indexed(index) if index >= 16 => {
            let index = index - 16;
            let level = |n: u8| if n == 0 { 0 } else { 55 + n * 40 };
            format!(
                "#{:02x}{:02x}{:02x}",
                level(index / 36),
                level(index / 6 % 6),
                level(index % 6)
            )
        }
        Color::Indexed(index) => named(index),
        named_color => named(ansi_index(named_color)),
    }
}

fn named(index: u8) -> String {
    NAMED.get(usize::from(index)).copied().unwrap_or("#d7dae0").to_owned()
}
