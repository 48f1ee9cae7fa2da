//! An address as a picture for the camera of a phone.

use qrcode::{Color as Module, EcLevel, QrCode};
use ratatui::layout::Rect;

use super::super::paint::Paint;

/// Modules of ground around it, which a camera needs to find it.
const QUIET: usize = 2;

/// A QR code: two modules in a cell, one above the other, dark on light in every theme, for few cameras read it
/// the other way round.
pub(super) struct Picture {
    modules: Vec<Module>,
    side: usize,
}

impl Picture {
    /// The picture of `address`; none when it is too long for one.
    pub(super) fn of(address: &str) -> Option<Self> {
        // A screen has no scratches, and fewer modules are larger ones.
        let code = QrCode::with_error_correction_level(address, EcLevel::L).ok()?;
        Some(Self { side: code.width(), modules: code.into_colors() })
    }

    /// Cells from side to side.
    pub(super) fn width(&self) -> u16 {
        u16::try_from(self.side + 2 * QUIET).unwrap_or(u16::MAX)
    }

    /// Lines from top to bottom.
    pub(super) fn height(&self) -> u16 {
        self.width().div_ceil(2)
    }

    /// Whether the module at this cell and half line, counted from the corner of the ground, is dark.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.side);
        let (Some(x), Some(y)) = (inside(x), inside(y)) else { return false };
        self.modules.get(y * self.side + x) == Some(&Module::Dark)
    }

    pub(super) fn draw(&self, place: Rect, paint: &mut Paint<'_>) {
        for (line, y) in (place.top()..place.bottom()).enumerate() {
            for (column, x) in (place.left()..place.right()).enumerate() {
                let halves = [2 * line, 2 * line + 1].map(|half| self.is_dark(column, half));
                paint.halves((x, y), halves);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_ground_all_around_and_its_corners_inside() {
        let picture = Picture::of("https://id.plana.example/device?code=482913057").expect("short");
        assert_eq!((picture.width(), picture.height()), (33, 17));
        let end = picture.side + 2 * QUIET;
        for at in 0..end {
            for edge in [0, 1, end - 2, end - 1, end] {
                assert!(!picture.is_dark(at, edge) && !picture.is_dark(edge, at));
            }
        }
        let far = end - QUIET - 1;
        assert!(picture.is_dark(QUIET, QUIET) && picture.is_dark(far, QUIET));
        assert!(picture.is_dark(QUIET, far));
    }

    #[test]
    fn an_address_without_end_has_none() {
        assert!(Picture::of(&"x".repeat(4000)).is_none());
    }
}
