//! What stands on the page of signing in: the words, in order.

use super::super::theme::Role;
use super::picture::Picture;
use crate::app::banner::wrapped;
use crate::app::{App, Hint, sign_in_hints};
use crate::domain::{Text, Timestamp};
use crate::platform::{Challenge, Prompt, Way};
use crate::session::{Stage, Standing};

/// The most choices or permissions that are listed at once, and the lines that are left for what stands around them.
const LISTED: usize = 9;
const AROUND: usize = 3;
/// The most cells of a word that stands before what it is about.
const WORD: usize = 10;

/// A line of the page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Row {
    /// Space, which goes first where there is little room.
    Blank,
    /// A text.
    Text(String, Role),
    /// A text that one can do without; it goes when there is no space left to take away.
    Aside(String, Role),
    /// A text with a word before it, in line with the fields.
    Pair(String, String, Role),
    /// The line of a prompt.
    Field {
        /// What is typed.
        prompt: Prompt,
        /// Its number.
        number: usize,
    },
    /// Something to choose.
    Choice {
        /// What.
        text: String,
        /// Its number.
        number: usize,
    },
}

/// What stands in the border.
pub(super) fn title(app: &App) -> &'static str {
    match app.presence.standing() {
        Standing::Locked(_) => "locked",
        _ if app.presence.proving().is_some() => "your second factor",
        _ => "sign in",
    }
}

/// The keys that answer.
pub(super) fn hints(app: &App) -> Vec<Hint> {
    sign_in_hints(app)
}

/// What is shown to a camera.
pub(super) fn picture(app: &App) -> Option<Picture> {
    match &app.presence.sign_in().stage {
        Stage::Asked(Challenge::Device { complete: Some(address), until, .. })
            if *until > app.now() =>
        {
            Picture::of(address.as_str())
        }
        _ => None,
    }
}

/// The rows, each at most `width` cells, for about `lines` lines; `drawn` if there is a picture beside them.
pub(super) fn rows(app: &App, (width, lines): (u16, u16), drawn: bool) -> Vec<Row> {
    let sign_in = app.presence.sign_in();
    let listed = usize::from(lines).saturating_sub(AROUND).clamp(1, LISTED);
    let mut page = Page { rows: Vec::new(), width, listed, now: app.now() };
    page.locked(app);
    if let Some(title) = app.proving_title() {
        page.say(&format!("For this plan alone: {title}"), Role::Text);
        page.blank();
    }
    match &sign_in.stage {
        Stage::Starting => page.say("Asking the provider how one signs in here…", Role::Muted),
        Stage::Checking => page.say(waiting(sign_in.way), Role::Muted),
        Stage::Resting => page.resting(app),
        Stage::Asked(challenge) => page.asked(app, challenge, drawn),
    }
    if let Some(wrong) = &sign_in.wrong {
        let lead = match app.presence.standing() {
            Standing::Locked(_) => "Still locked: ",
            _ => "Not signed in: ",
        };
        page.wrong(lead, wrong);
    }
    if matches!(sign_in.stage, Stage::Asked(_)) {
        sign_in.hint.iter().for_each(|line| page.hint(line));
    }
    page.rows
}

/// Takes away space and then what one can do without, from the top, until `rows` fit in `room` lines; what does not
/// fit then is cut off.
pub(super) fn fit(rows: &mut Vec<Row>, room: usize) {
    for dispensable in [|row: &Row| *row == Row::Blank, |row: &Row| matches!(row, Row::Aside(..))] {
        while rows.len() > room
            && let Some(place) = rows.iter().position(dispensable)
        {
            rows.remove(place);
        }
    }
    rows.truncate(room);
}

/// What is waited for.
const fn waiting(way: Option<Way>) -> &'static str {
    match way {
        Some(Way::Browser) => "Waiting for the provider and the browser…",
        Some(Way::Device) => "Waiting for the provider…",
        Some(Way::Terminal) => "The provider is checking…",
        None => "Ending the session at the provider…",
    }
}

/// The rows so far.
struct Page {
    rows: Vec<Row>,
    width: u16,
    /// The most choices or permissions.
    listed: usize,
    now: Timestamp,
}

impl Page {
    fn say(&mut self, text: &str, role: Role) {
        self.rows.extend(wrapped(text, self.width).into_iter().map(|line| Row::Text(line, role)));
    }

    fn aside(&mut self, text: &str, role: Role) {
        self.rows.extend(wrapped(text, self.width).into_iter().map(|line| Row::Aside(line, role)));
    }

    fn blank(&mut self) {
        if self.rows.last().is_some_and(|row| *row != Row::Blank) {
            self.rows.push(Row::Blank);
        }
    }

    /// Who hid the screen, and since when nobody is there.
    fn locked(&mut self, app: &App) {
        let Standing::Locked(staff) = app.presence.standing() else { return };
        let (person, since) = (&staff.person, app.presence.touched());
        let name = match person.name.as_str() {
            "" => person.user.to_string(),
            name => format!("{} ({name})", person.user),
        };
        let at = since.utc().with_timezone(&app.setting.zone).format("%H:%M");
        self.say(
            &format!("{name} is away since {at}, {} ago.", self.now.since(since)),
            Role::Title,
        );
        if let Some(left) = app.presence.left(self.now) {
            self.aside(&format!("The session ends in {left}."), Role::Muted);
        }
        self.blank();
    }

    fn resting(&mut self, app: &App) {
        if app.presence.sign_in().wrong.is_some() {
            return;
        }
        match app.presence.standing() {
            Standing::Locked(_) => {
                self.say("Nothing is shown until the factor is given again.", Role::Text);
            }
            _ => self.say("Nobody is signed in.", Role::Text),
        }
    }

    fn asked(&mut self, app: &App, challenge: &Challenge, drawn: bool) {
        match challenge {
            Challenge::Prompts { title, person, prompts, wrong } => {
                self.aside(title.as_str(), Role::Title);
                if let Some(person) = person {
                    self.pair("as", person.as_str(), Role::Text);
                }
                self.blank();
                let fields = prompts.iter().enumerate();
                self.rows
                    .extend(fields.map(|(number, prompt)| Row::Field { prompt: *prompt, number }));
                if let Some(wrong) = wrong {
                    self.wrong("", wrong);
                }
            }
            Challenge::Browser { address, unopened, until } => {
                self.browser(address, unopened.as_ref(), *until);
            }
            Challenge::Device { address, complete, code, until } => {
                self.device(address, code, *until);
                if complete.is_some() && *until > self.now {
                    self.scan(drawn);
                }
            }
            Challenge::Choice { title, choices } => {
                self.heading(title);
                self.choices(choices, app.sign_in_page().chosen);
            }
            Challenge::Consent { title, permissions } => {
                self.heading(title);
                for permission in permissions.iter().take(self.listed) {
                    self.say(&format!("· {permission}"), Role::Text);
                }
                self.more(permissions.len().saturating_sub(self.listed));
            }
        }
    }

    fn heading(&mut self, title: &Text) {
        self.say(title.as_str(), Role::Title);
        self.blank();
    }

    /// As many choices as fit, the chosen one among them.
    fn choices(&mut self, choices: &[Text], chosen: usize) {
        let top = (chosen + 1).saturating_sub(self.listed);
        let listed = choices.iter().enumerate().skip(top).take(self.listed);
        self.rows
            .extend(listed.map(|(number, text)| Row::Choice { text: text.to_string(), number }));
        self.more(choices.len().saturating_sub(top + self.listed));
    }

    fn more(&mut self, left: usize) {
        if left > 0 {
            self.say(&format!("  … and {left} more"), Role::Muted);
        }
    }

    fn browser(&mut self, address: &Text, unopened: Option<&Text>, until: Timestamp) {
        match unopened {
            None => self.say("Go on in the browser that was opened.", Role::Title),
            Some(why) => {
                self.say("Open this address in a browser of this machine.", Role::Title);
                self.say(&format!("It did not open by itself: {why}"), Role::NoticeWarn);
            }
        }
        self.blank();
        self.address(address);
        self.left("The console waits for it for another", until);
    }

    fn device(&mut self, address: &Text, code: &Text, until: Timestamp) {
        self.say("Go on in a browser, on whatever device.", Role::Title);
        self.blank();
        self.say("Open", Role::Muted);
        self.address(address);
        self.blank();
        self.say("and type the code", Role::Muted);
        self.rows.push(Row::Text(spaced(code.as_str()), Role::Key));
        self.left("The code is good for another", until);
    }

    fn scan(&mut self, drawn: bool) {
        let text = if drawn {
            "Or point a phone's camera at the picture: the code is in it."
        } else {
            "There is no picture for a camera: it needs a larger window, and colours."
        };
        self.blank();
        self.say(text, Role::Muted);
    }

    /// An address is cut anywhere: it has no spaces.
    fn address(&mut self, address: &Text) {
        let width = usize::from(self.width.max(1));
        let all: Vec<char> = address.as_str().chars().collect();
        self.rows
            .extend(all.chunks(width).map(|part| Row::Text(part.iter().collect(), Role::Input)));
    }

    fn left(&mut self, what: &str, until: Timestamp) {
        if until > self.now {
            self.blank();
            self.say(&format!("{what} {}.", until.since(self.now)), Role::Muted);
        } else {
            self.blank();
            self.say("The time for it has run out.", Role::NoticeWarn);
        }
    }

    fn wrong(&mut self, lead: &str, wrong: &Text) {
        self.blank();
        self.say(&format!("✗ {lead}{wrong}"), Role::NoticeError);
    }

    /// What the provider says beside it. Parts of it stand below each other, each with its first word in line with the
    /// fields, so that a code is where one looks for it.
    fn hint(&mut self, hint: &Text) {
        self.blank();
        if !hint.as_str().contains(" · ") {
            return self.say(hint.as_str(), Role::Muted);
        }
        for part in hint.as_str().split(" · ") {
            match part.split_once(' ') {
                Some((word, rest)) if word.chars().count() <= WORD => {
                    self.pair(word, rest, Role::Input);
                }
                _ => self.say(part, Role::Text),
            }
        }
    }

    fn pair(&mut self, word: &str, text: &str, role: Role) {
        let lines = wrapped(text, self.width.saturating_sub(super::field::LABEL));
        for (number, line) in lines.into_iter().enumerate() {
            let word = if number == 0 { format!("  {word}") } else { String::new() };
            self.rows.push(Row::Pair(word, line, role));
        }
    }
}

/// A code that is read aloud and typed elsewhere, with space between its characters.
fn spaced(code: &str) -> String {
    code.chars().flat_map(|c| [c, ' ']).collect::<String>().trim_end().to_owned()
}
