//! What one frame costs.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pulse_console::app::App;
use pulse_console::domain::{Fact, FeedId};
use pulse_console::ui::{self, theme::Theme};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::{Value, json};

use super::facts::{SCREEN, app_of, entry, press, tell, theme};
use super::timing::{Effort, Samples};

/// Takes the bytes of frames and counts them.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal that only counts: everything that a frame costs but the terminal's own work.
pub struct Canvas {
    terminal: Terminal<CrosstermBackend<Counted>>,
    bytes: Counted,
    theme: Theme,
}

impl Canvas {
    pub fn new() -> Self {
        let viewport = Viewport::Fixed(Rect::new(0, 0, SCREEN.0, SCREEN.1));
        let bytes = Counted::default();
        let backend = CrosstermBackend::new(bytes.clone());
        let options = TerminalOptions { viewport };
        let terminal = Terminal::with_options(backend, options).expect("a canvas");
        Self { terminal, bytes, theme: theme() }
    }

    /// Draws a frame and writes what changed.
    pub fn draw(&mut self, app: &App) {
        let geometry = app.geometry();
        self.terminal
            .draw(|frame| ui::draw(app, &geometry, &self.theme, frame.buffer_mut()))
            .expect("counting does not fail");
    }
}

/// Frames of the tenants' pane.
pub fn tenants(count: usize, effort: Effort) -> Value {
    frame(&mut app_of(count), effort)
}

/// Frames of other screens, over 10 000 tenants.
pub fn others(effort: Effort) -> Value {
    let mut app = app_of(10_000);
    tell(&mut app, FeedId::Events, [Fact::Entries((0..5_000).map(|n| entry(n, 10_000)).collect())]);
    let screens = [
        ("tenants_with_drawer", "enter"),
        ("tenants_filtered", "esc / a c m e enter"),
        ("help", "?"),
        ("palette", "esc :"),
        ("events", "esc 3"),
        ("events_with_drawer", "up enter"),
    ];
    screens
        .into_iter()
        .map(|(name, keys)| {
            press(&mut app, keys);
            (name.to_owned(), frame(&mut app, effort))
        })
        .collect()
}

/// Layout and drawing alone; then with what ratatui does to find and write what changed, the cursor moving.
fn frame(app: &mut App, effort: Effort) -> Value {
    let theme = theme();
    let mut buffer = Buffer::empty(Rect::new(0, 0, SCREEN.0, SCREEN.1));
    let drawn = Samples::of(effort.samples(3_000), |_| {
        let geometry = app.geometry();
        ui::draw(app, &geometry, &theme, &mut buffer);
    });
    let mut canvas = Canvas::new();
    let whole = Samples::of(effort.samples(3_000), |round| {
        press(app, if round % 2 == 0 { "down" } else { "up" });
        canvas.draw(app);
    });
    let bytes = canvas.bytes.0.load(Ordering::Relaxed);
    let frames = canvas.terminal.get_frame().count().max(1);
    json!({
        "layout_and_draw": drawn.told(),
        "key_to_bytes": whole.told(),
        "bytes_per_frame": bytes / frames,
    })
}
