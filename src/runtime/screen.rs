//! The screen: ratatui over the taken terminal, one write for each frame.
//!
//! A frame is gathered in memory and sent whole inside a synchronised update, so nothing half drawn is ever
//! seen; a frame that changes no cell sends nothing at all. It knows nothing of what is drawn.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Rect, Size};
use ratatui::{Frame, Terminal, TerminalOptions as ViewOptions, Viewport};

use super::clipboard::{Copied, copy_sequence};
use super::terminal::{Device, TerminalError, TerminalGuard, TerminalOptions};

/// What ratatui draws to.
pub type Backend = CrosstermBackend<FrameBytes>;

const UPDATE_BEGIN: &[u8] = b"\x1b[?2026h";
const UPDATE_END: &[u8] = b"\x1b[?2026l";

/// What ratatui writes around the cells, whether any changed or not, while no cursor is shown.
const AROUND: [&[u8]; 5] = [b"\x1b[39m", b"\x1b[49m", b"\x1b[59m", b"\x1b[0m", b"\x1b[?25l"];

/// Holds the terminal and draws on it.
#[derive(Debug)]
pub struct Screen {
    canvas: Canvas,
    guard: TerminalGuard,
    tmux: bool,
    stale: bool,
    /// Whether the next continue is the end of our own stop.
    own_stop: bool,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// As [`TerminalGuard::enter`]; the terminal is then as before.
    pub fn enter(options: TerminalOptions) -> Result<Self, TerminalError> {
        let guard = TerminalGuard::enter(options)?;
        let canvas = Canvas::new(guard.device(), Rect::default())?;
        let tmux = std::env::var_os("TMUX").is_some();
        Ok(Self { canvas, guard, tmux, stale: true, own_stop: false })
    }

    /// Draws one frame and sends what changed in one write. While the console runs in the background
    /// nothing is drawn; it takes the terminal again by itself once it is in the foreground.
    ///
    /// # Errors
    /// When the terminal takes no output.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> Result<(), TerminalError> {
        if !self.guard.device().is_taken() {
            if !self.guard.retake()? {
                return Ok(());
            }
            self.stale = true;
        }
        let anew = if std::mem::take(&mut self.stale) { Some(self.size()?) } else { None };
        self.canvas.draw(anew.map(Rect::from), render)
    }

    /// Makes the next frame draw every cell, on the size that the terminal has then. Call it when the size may be another.
    pub fn redraw_whole(&mut self) {
        self.stale = true;
    }

    /// Stops the process as `ctrl-z` does; see [`TerminalGuard::suspend`]. The next frame is drawn whole.
    ///
    /// # Errors
    /// When there is no shell to go back to, or the terminal refuses.
    pub fn suspend(&mut self) -> Result<(), TerminalError> {
        self.stale = true;
        self.guard.suspend()?;
        self.own_stop = true;
        Ok(())
    }

    /// Must be called when the process was continued: after a stop from outside it takes the terminal again.
    /// The next frame is drawn whole.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn continued(&mut self) -> Result<(), TerminalError> {
        self.stale = true;
        if std::mem::take(&mut self.own_stop) {
            return Ok(());
        }
        self.guard.retake().map(drop)
    }

    /// Hands `text` to the terminal's clipboard and says how much of it.
    ///
    /// # Errors
    /// When the terminal takes no output.
    pub fn write_clipboard(&self, text: &str) -> Result<Copied, TerminalError> {
        let (bytes, copied) = copy_sequence(text, self.tmux);
        self.guard.device().send_taken(&bytes).map_err(TerminalError::Write)?;
        Ok(copied)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// When the terminal does not tell.
    pub fn size(&self) -> Result<Size, TerminalError> {
        self.canvas.terminal.size().map_err(TerminalError::Mode)
    }

    /// Bytes sent to the terminal since the start.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.guard.device().bytes_written()
    }

    /// The guard, for the mouse and the panic hook.
    #[must_use]
    pub fn guard(&self) -> &TerminalGuard {
        &self.guard
    }
}

/// ratatui's terminal and the switch that lets its bytes out.
#[derive(Debug)]
struct Canvas {
    terminal: Terminal<Backend>,
    complete: Arc<AtomicBool>,
}

impl Canvas {
    /// A canvas of `area`, which stays so until a frame is drawn whole: to ask the terminal for its size before each frame
    /// would cost a tenth of the frame, and a change of it is told by a signal.
    fn new(device: Arc<Device>, area: Rect) -> Result<Self, TerminalError> {
        let complete = Arc::new(AtomicBool::new(false));
        let bytes = FrameBytes { device, bytes: Vec::new(), complete: Arc::clone(&complete) };
        let options = ViewOptions { viewport: Viewport::Fixed(area) };
        let terminal = Terminal::with_options(CrosstermBackend::new(bytes), options)
            .map_err(TerminalError::Mode)?;
        Ok(Self { terminal, complete })
    }

    /// Draws what changed, or every cell of `whole`.
    fn draw(
        &mut self,
        whole: Option<Rect>,
        render: impl FnOnce(&mut Frame<'_>),
    ) -> Result<(), TerminalError> {
        if let Some(area) = whole {
            // Not `Terminal::clear`: it asks the terminal where the cursor is, and the keyboard thread would
            // get the answer.
            self.terminal.resize(area).map_err(TerminalError::Write)?;
        }
        self.terminal.draw(render).map_err(TerminalError::Write)?;
        self.complete.store(true, Ordering::Relaxed);
        Write::flush(self.terminal.backend_mut()).map_err(TerminalError::Write)
    }
}

/// The bytes of the frame being drawn. ratatui flushes several times in a frame; only a flush after the
/// frame was declared complete sends them.
#[derive(Debug)]
pub struct FrameBytes {
    device: Arc<Device>,
    bytes: Vec<u8>,
    complete: Arc<AtomicBool>,
}

impl Write for FrameBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(UPDATE_BEGIN);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.complete.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let changed = self.bytes.strip_prefix(UPDATE_BEGIN).is_some_and(changes_anything);
        if changed {
            self.bytes.extend_from_slice(UPDATE_END);
        }
        let sent = if changed { self.device.send_taken(&self.bytes) } else { Ok(()) };
        self.bytes.clear();
        sent
    }
}

fn changes_anything(frame: &[u8]) -> bool {
    let mut rest = frame;
    while let Some(next) = AROUND.iter().find_map(|sequence| rest.strip_prefix(*sequence)) {
        rest = next;
    }
    !rest.is_empty()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Seek};

    use super::*;
    use crate::runtime::terminal::Mode;

    const AREA: Rect = Rect::new(0, 0, 20, 2);

    fn canvas() -> (Canvas, Arc<Device>, File) {
        let file = tempfile::tempfile().expect("temporary file");
        let reader = file.try_clone().expect("duplicate");
        let device = Device::new(file, Mode::Plain, TerminalOptions::default());
        device.take().expect("taken");
        (Canvas::new(Arc::clone(&device), AREA).expect("canvas"), device, reader)
    }

    #[test]
    fn a_frame_is_one_synchronised_update_and_an_unchanged_one_is_nothing() {
        let (mut canvas, device, mut reader) = canvas();
        let before = device.bytes_written();
        canvas.draw(None, |frame| frame.render_widget("tenants", frame.area())).expect("drawn");
        let mut bytes = Vec::new();
        reader.rewind().expect("rewind");
        reader.read_to_end(&mut bytes).expect("read");
        let frame = &bytes[usize::try_from(before).expect("small")..];
        assert!(frame.starts_with(UPDATE_BEGIN) && frame.ends_with(UPDATE_END));
        assert_eq!(frame.windows(8).filter(|window| *window == UPDATE_BEGIN).count(), 1);

        let drawn = device.bytes_written();
        canvas.draw(None, |frame| frame.render_widget("tenants", frame.area())).expect("drawn");
        assert_eq!(device.bytes_written(), drawn, "an unchanged frame costs no bytes");
        canvas.draw(None, |frame| frame.render_widget("tenantZ", frame.area())).expect("drawn");
        let change = device.bytes_written() - drawn;
        assert!((1..64).contains(&change), "one cell costs {change} bytes");
    }

    #[test]
    fn a_whole_redraw_sends_every_cell_again() {
        let (mut canvas, device, mut reader) = canvas();
        for whole in [None, Some(AREA)] {
            canvas
                .draw(whole, |frame| frame.render_widget("tenants", frame.area()))
                .expect("drawn");
        }
        let mut bytes = Vec::new();
        reader.rewind().expect("rewind");
        reader.read_to_end(&mut bytes).expect("read");
        let text = String::from_utf8(bytes).expect("text");
        assert_eq!(text.matches("tenants").count(), 2);
        assert!(device.is_taken());
    }
}
