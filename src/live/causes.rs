//! What is under an error: clients wrap the system's own error several times, and only that one says what to do.

use std::error::Error;
use std::io;

/// The deepest that causes are looked at; a cycle must not hang the console.
const DEPTH: usize = 16;

/// `error` and what caused it, the innermost last.
pub(super) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| {
        let error: &'e (dyn Error + 'static) = *error;
        // An I/O error hides the error that it carries from `source`, and shows that one's cause instead.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
    .take(DEPTH)
}

/// The innermost cause that is an `E`: of several, those around it only carry it.
pub(super) fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    causes(error).filter_map(|cause| cause.downcast_ref::<E>()).last()
}
