//! The `pulse-console` program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    pulse_console::cli::main()
}
