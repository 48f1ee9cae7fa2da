//! What is asked of the operator without a screen: on the terminal, or by lines of standard input.
//!
//! It speaks where errors go, so that what a command prints can be read by a program. Nothing that is typed is ever an
//! argument, which every process of the machine could read.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::cli::output;
use crate::domain::Text;
use crate::platform::{Answer, Challenge, Prompt, Secret};
use crate::runtime::prompt;

/// The longest line that is read, in bytes.
const LONGEST: u64 = 4096;

/// The operator does not go on: a sentence.
#[derive(Debug)]
pub(super) struct GaveUp(pub(super) String);

/// Who answers challenges.
pub(super) trait Talk: Send {
    /// Shows `challenge`; gives the answer, or none where it is answered elsewhere.
    fn ask<'a>(
        &'a mut self,
        challenge: &'a Challenge,
    ) -> BoxFuture<'a, Result<Option<Answer>, GaveUp>>;
}

/// Where answers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The keyboard of the terminal.
    Keyboard,
    /// Lines of standard input, one for each prompt.
    Lines,
    /// Nowhere: only what is done elsewhere can be asked.
    Nowhere,
}

/// The person at the terminal.
pub(super) struct Typist {
    source: Source,
    /// Set when nobody waits for the answer any more.
    pub(super) stop: Arc<AtomicBool>,
}

impl Typist {
    /// Whoever answers by the keyboard, or by lines where `lines` says so.
    pub(super) fn new(lines: bool) -> Self {
        let source = if lines {
            Source::Lines
        } else if io::stdin().is_terminal() {
            Source::Keyboard
        } else {
            Source::Nowhere
        };
        Self { source, stop: Arc::default() }
    }

    /// Where its answers come from.
    pub(super) const fn source(&self) -> Source {
        self.source
    }

    async fn answer(&self, challenge: &Challenge) -> Result<Option<Answer>, GaveUp> {
        for line in shown(challenge, io::stderr().is_terminal()) {
            output::complain(&line);
        }
        match challenge {
            Challenge::Browser { .. } | Challenge::Device { .. } => Ok(None),
            Challenge::Prompts { prompts, .. } => {
                let mut typed = Vec::new();
                for prompt in prompts {
                    typed.push(self.line(prompt.label().to_owned(), prompt.is_hidden()).await?);
                }
                Ok(Some(Answer::Typed(typed)))
            }
            Challenge::Choice { choices, .. } => {
                let line = self.line("number".to_owned(), false).await?;
                let number = line.expose().trim().parse::<usize>().ok();
                let chosen = number.and_then(|number| number.checked_sub(1));
                let chosen = chosen.filter(|chosen| *chosen < choices.len());
                let wrong = || GaveUp("That is not one of the numbers. Begin again.".to_owned());
                Ok(Some(Answer::Chosen(chosen.ok_or_else(wrong)?)))
            }
            Challenge::Consent { .. } => {
                let line = self.line("agree (yes/no)".to_owned(), false).await?;
                if matches!(line.expose().trim(), "y" | "yes") {
                    return Ok(Some(Answer::Agreed));
                }
                Err(GaveUp("You did not agree, so nobody is signed in.".to_owned()))
            }
        }
    }

    /// One line, read where it holds nobody up.
    async fn line(&self, label: String, hidden: bool) -> Result<Secret, GaveUp> {
        let (source, stop) = (self.source, Arc::clone(&self.stop));
        let read = tokio::task::spawn_blocking(move || match source {
            Source::Keyboard => prompt::line(&label, hidden, &stop),
            Source::Lines => line_of_input(),
            Source::Nowhere => Err(io::Error::other(
                "there is no terminal to ask at; give the answers as lines with --stdin",
            )),
        });
        match read.await.map_err(io::Error::other).flatten() {
            Ok(Some(line)) => Ok(line),
            Ok(None) => Err(GaveUp("Nobody is signed in: it was given up.".to_owned())),
            Err(error) => Err(GaveUp(format!("Nobody is signed in: {error}."))),
        }
    }
}

impl Talk for Typist {
    fn ask<'a>(
        &'a mut self,
        challenge: &'a Challenge,
    ) -> BoxFuture<'a, Result<Option<Answer>, GaveUp>> {
        self.answer(challenge).boxed()
    }
}

/// A line of standard input; none at its end.
fn line_of_input() -> io::Result<Option<Secret>> {
    // Nothing behind the line is taken out of the buffer that the next one is read from.
    let mut input = io::stdin().lock();
    let mut line = String::with_capacity(1024);
    let read = input.by_ref().take(LONGEST).read_line(&mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if !line.ends_with('\n') && read as u64 >= LONGEST {
        return Err(io::Error::other("a line of standard input is too long"));
    }
    Ok(Some(Secret::new(line.trim_end_matches(['\n', '\r']).to_owned())))
}

/// What is shown of `challenge`; with a picture of the address for a camera where `picture` says so.
fn shown(challenge: &Challenge, picture: bool) -> Vec<String> {
    match challenge {
        Challenge::Browser { address, unopened, until } => {
            let mut lines = vec![match unopened {
                None => format!("Go on in the browser that opened, until {until}."),
                Some(why) => format!("The browser did not open ({why}). Open this, until {until}:"),
            }];
            lines.push(format!("  {address}"));
            lines
        }
        Challenge::Device { address, complete, code, until } => {
            let mut lines = vec![
                format!("Open this in a browser anywhere, until {until}:"),
                format!("  {}", complete.as_ref().unwrap_or(address)),
                format!("  and see that it shows the code {code}"),
            ];
            if let Some(complete) = complete.as_ref().filter(|_| picture) {
                lines.extend(drawn(complete));
            }
            if complete.is_none() {
                lines.pop();
                lines.push(format!("  and type there the code {code}"));
            }
            lines
        }
        Challenge::Prompts { title, person, wrong, prompts } => {
            let mut lines: Vec<String> = wrong.iter().map(Text::to_string).collect();
            if wrong.is_none() && prompts.first().is_none_or(|first| *first == Prompt::User) {
                lines.push(title.to_string());
            }
            lines.extend(person.iter().map(|person| format!("Signing in as {person}.")));
            lines
        }
        Challenge::Choice { title, choices } => {
            let numbered = choices.iter().enumerate();
            let numbered = numbered.map(|(at, choice)| format!("  {} {choice}", at + 1));
            [title.to_string()].into_iter().chain(numbered).collect()
        }
        Challenge::Consent { title, permissions } => {
            let permissions = permissions.iter().map(|of| format!("  {of}"));
            [title.to_string()].into_iter().chain(permissions).collect()
        }
    }
}

/// `address` as a picture for a camera; none when it is too long for one.
fn drawn(address: &Text) -> Option<String> {
    let code = QrCode::new(address.as_str()).ok()?;
    // Light on dark, as most terminals are; cameras read the other way round too.
    let mut picture = code.render::<Dense1x2>();
    Some(picture.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn a_device_code_is_shown_with_its_address_and_a_picture() {
        let device = |complete: Option<&str>| Challenge::Device {
            address: "https://id.example/device".into(),
            complete: complete.map(Text::clean),
            code: "ABCD-EFGH".into(),
            until: Timestamp::from_ms(0),
        };
        let complete = device(Some("https://id.example/device?code=ABCD-EFGH"));
        let lines = shown(&complete, true).join("\n");
        assert!(
            lines.contains("code=ABCD-EFGH") && lines.contains("the code ABCD-EFGH"),
            "{lines}"
        );
        assert!(lines.contains('█') && lines.lines().count() > 12, "{lines}");
        assert!(!shown(&complete, false).join("\n").contains('█'));
        let lines = shown(&device(None), true);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[2].contains("type there the code ABCD-EFGH"), "{lines:?}");
    }

    #[test]
    fn a_wrong_answer_is_said_before_it_is_asked_again() {
        let challenge = Challenge::Prompts {
            title: "Welcome".into(),
            person: Some("maria".into()),
            prompts: vec![Prompt::Password],
            wrong: Some("Invalid password".into()),
        };
        assert_eq!(shown(&challenge, true), ["Invalid password", "Signing in as maria."]);
    }
}
