//! The form of an operation: one line for each field of its verb.

use crossterm::event::{KeyCode, KeyEvent};

use super::aim::Aim;
use super::suggest::{self, Suggestion};
use super::{OperateOrder, Wanted};
use crate::app::action::FormAction;
use crate::app::line::Line;
use crate::app::notices::Level;
use crate::app::overlay::Overlay;
use crate::app::{App, Effect};
use crate::domain::Text;
use crate::domain::Trouble;
use crate::domain::operation::{Plan, Verb};
use crate::operation::kinds::{Field, Inputs, Suggest, fields, subdomain_fault};
use crate::store::Store;

/// The form while it is open.
#[derive(Debug)]
pub struct Form {
    /// What is to be done.
    pub verb: Verb,
    /// What it is done to, as far as a row said.
    pub subject: Text,
    /// Its fields.
    pub fields: Vec<FormField>,
    /// The field that is typed into.
    pub at: usize,
    /// The number of the plan that is waited for, while one is.
    pub waits: Option<u64>,
    /// Why there is no plan.
    pub wrong: Option<Text>,
    /// Whether somebody tried to go on, so that what lacks is said.
    pub tried: bool,
}

/// A field with what stands in it.
#[derive(Debug)]
pub struct FormField {
    /// What it is.
    pub field: Field,
    /// What stands in it.
    pub line: Line,
    /// Whether it says what the row is: then it is not changed.
    pub fixed: bool,
    /// What was typed by hand: suggestions go by it.
    pub typed: String,
    /// The suggestion that was taken.
    pub taken: Option<usize>,
}

impl FormField {
    fn new(field: Field, given: Option<(Text, bool)>) -> Self {
        let (text, fixed) = match given {
            Some((text, fixed)) => (text.to_string(), fixed),
            None => (field.default.to_owned(), false),
        };
        Self { field, line: Line::new(&text), fixed, typed: String::new(), taken: None }
    }

    /// What stands in it, without blanks around it.
    #[must_use]
    pub fn text(&self) -> &str {
        self.line.text().trim()
    }

    /// The words to choose from, where only they are taken.
    #[must_use]
    pub const fn words(&self) -> &'static [&'static str] {
        match self.field.suggest {
            Suggest::Words(words) => words,
            _ => &[],
        }
    }

    fn put(&mut self, text: &str) {
        self.line = Line::new(text);
    }

    /// Goes to the word after, or before, the one that stands there.
    fn turn(&mut self, forward: bool) {
        let words = self.words();
        let at = words.iter().position(|word| *word == self.text()).unwrap_or_default();
        let step = if forward { 1 } else { words.len().saturating_sub(1) };
        if let Some(word) = words.get((at + step) % words.len().max(1)) {
            self.put(word);
        }
    }
}

impl Form {
    fn new(verb: Verb, aim: &Aim) -> Self {
        let field = |field: &Field| FormField::new(*field, aim.given(verb, field));
        let all: Vec<FormField> = fields(verb).iter().map(field).collect();
        let at = all.iter().position(|field| !field.fixed).unwrap_or_default();
        let subject = aim.subject.clone();
        Self { verb, subject, fields: all, at, waits: None, wrong: None, tried: false }
    }

    /// The field that is typed into.
    #[must_use]
    pub fn current(&self) -> Option<&FormField> {
        self.fields.get(self.at)
    }

    /// What is given.
    fn inputs(&self) -> Inputs {
        let given = |field: &FormField| (field.field.name.to_owned(), Text::clean(field.text()));
        self.fields.iter().map(given).collect()
    }

    /// What stands in the field `name`.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|field| field.field.name == name).map_or("", FormField::text)
    }

    /// What can be chosen from in the field `field`.
    #[must_use]
    pub fn suggestions(&self, store: &Store, field: &FormField) -> Vec<Suggestion> {
        if field.fixed {
            return Vec::new();
        }
        suggest::of(store, field.field.suggest, self.value("tenant"), &field.typed)
    }

    /// What is wrong with what stands in `field`; an empty one is only wrong once somebody tried to go on.
    #[must_use]
    pub fn fault(&self, store: &Store, field: &FormField) -> Option<String> {
        let text = field.text();
        if text.is_empty() {
            let wanted = self.tried && field.field.needed;
            return wanted.then(|| "it is missing".to_owned());
        }
        let words = field.words();
        if !words.is_empty() && !words.contains(&text) {
            return Some(format!("it can be {}", words.join(", ")));
        }
        if let Some(fault) = (field.field.fault)(text) {
            return Some(fault);
        }
        let is_new = self.verb == Verb::Provision && field.field.name == "tenant";
        if is_new { taken(store, text) } else { None }
    }

    /// The field that is not taken, if there is one.
    fn faulty(&self, store: &Store) -> Option<usize> {
        let wrong = |field: &FormField| {
            self.fault(store, field).is_some() || (field.field.needed && field.text().is_empty())
        };
        self.fields.iter().position(wrong)
    }

    fn step(&mut self, forward: bool) {
        let open: Vec<usize> = (0..self.fields.len())
            .filter(|at| self.fields.get(*at).is_some_and(|field| !field.fixed))
            .collect();
        let here = open.iter().position(|at| *at == self.at).unwrap_or_default();
        let step = if forward { 1 } else { open.len().saturating_sub(1) };
        if let Some(at) = open.get((here + step) % open.len().max(1)) {
            self.at = *at;
        }
    }

    fn is_last(&self) -> bool {
        !self.fields.iter().skip(self.at + 1).any(|field| !field.fixed)
    }

    /// Takes the suggestion after, or before, the one that was taken last.
    fn choose(&mut self, store: &Store, forward: bool) {
        let Some(field) = self.current() else { return };
        let all = self.suggestions(store, field);
        let next = match (field.taken, forward) {
            (None, true) => Some(0),
            (None, false) => all.len().checked_sub(1),
            (Some(at), true) => Some((at + 1).min(all.len().saturating_sub(1))),
            (Some(at), false) => at.checked_sub(1),
        };
        let value = next.and_then(|at| all.get(at)).map(|one| one.value.clone());
        let Some(field) = self.fields.get_mut(self.at) else { return };
        if all.is_empty() {
            field.turn(forward);
            return;
        }
        field.taken = next.filter(|_| value.is_some());
        let typed = field.typed.clone();
        field.put(&value.unwrap_or(typed));
    }

    /// A key that means nothing else; says whether it was for the form.
    fn key(&mut self, key: KeyEvent) {
        let Some(field) = self.fields.get_mut(self.at).filter(|field| !field.fixed) else { return };
        self.wrong = None;
        let words = field.words();
        if words.is_empty() {
            if field.line.key(key) {
                (field.typed, field.taken) = (field.line.text().to_owned(), None);
            }
            return;
        }
        match key.code {
            KeyCode::Left => field.turn(false),
            KeyCode::Right | KeyCode::Char(' ') => field.turn(true),
            KeyCode::Char(typed) => {
                if let Some(word) = words.iter().find(|word| word.starts_with(typed)) {
                    field.put(word);
                }
            }
            _ => {}
        }
    }

    fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.at)
            && field.words().is_empty()
            && !field.fixed
        {
            field.line.paste(text);
            (field.typed, field.taken) = (field.line.text().to_owned(), None);
        }
    }
}

/// Why a new tenant can't be called `name`.
fn taken(store: &Store, name: &str) -> Option<String> {
    if store.joins().of(name).is_some_and(|joined| joined.client.is_some()) {
        return Some(format!("there is a tenant {name} already"));
    }
    let mut databases = store.objects().databases.iter().map(|(_, held)| &held.object.name);
    let prefix = format!("{name}.");
    let database = databases
        .find(|database| database.as_str() == name || database.as_str().starts_with(&prefix));
    debug_assert!(subdomain_fault(name).is_none(), "it was looked at before");
    database.map(|database| format!("there is a database {database} already"))
}

impl App {
    /// Asks for what `verb` needs; where `aim` says everything, for the plan.
    pub(super) fn begin_operation(&mut self, verb: Verb, aim: &Aim) -> Vec<Effect> {
        if matches!(verb, Verb::Ack | Verb::Unack) && !aim.is_alert() {
            let text =
                "The cursor is on no alert. Open what is folded under this row, and choose one.";
            self.say(Level::Info, text);
            return Vec::new();
        }
        let form = Form::new(verb, aim);
        let is_given = form.fields.iter().all(|field| field.fixed);
        self.overlay = Some(Overlay::Form(Box::new(form)));
        if is_given { self.ask_for_plan() } else { Vec::new() }
    }

    pub(super) fn form_action(&mut self, action: FormAction) -> Vec<Effect> {
        let Some(Overlay::Form(form)) = &mut self.overlay else { return Vec::new() };
        match action {
            FormAction::Cancel => self.overlay = None,
            FormAction::Next => form.step(true),
            FormAction::Previous => form.step(false),
            FormAction::Submit if form.waits.is_some() => {}
            FormAction::Submit => {
                form.tried = true;
                let faulty = form.faulty(&self.store);
                if !form.is_last() && faulty != Some(form.at) {
                    form.tried = false;
                    form.step(true);
                } else if let Some(faulty) = faulty {
                    form.at = faulty;
                } else {
                    return self.ask_for_plan();
                }
            }
        }
        Vec::new()
    }

    /// Has the plan made that the form asks for.
    fn ask_for_plan(&mut self) -> Vec<Effect> {
        let by = self.operator();
        let can_step_up = !self.presence.ways().is_empty();
        let Some(Overlay::Form(form)) = &mut self.overlay else { return Vec::new() };
        self.desk.asked += 1;
        let number = self.desk.asked;
        (form.waits, form.wrong) = (Some(number), None);
        let wanted = Wanted { number, verb: form.verb, inputs: form.inputs(), by, can_step_up };
        vec![Effect::Operate(OperateOrder::Plan(Box::new(wanted)))]
    }

    /// Has the plan made anew that was shown.
    pub(super) fn plan_again(&mut self, wanted: &Wanted) -> Vec<Effect> {
        let field = |field: &Field| {
            let text = wanted.inputs.get(field.name).cloned().unwrap_or_default();
            FormField::new(*field, Some((text, true)))
        };
        let fields: Vec<FormField> = fields(wanted.verb).iter().map(field).collect();
        let subject = wanted.inputs.get("tenant").cloned().unwrap_or_default();
        let form = Form {
            verb: wanted.verb,
            subject,
            fields,
            at: 0,
            waits: None,
            wrong: None,
            tried: false,
        };
        self.overlay = Some(Overlay::Form(Box::new(form)));
        self.ask_for_plan()
    }

    /// Takes in the plan that was waited for, or why there is none.
    pub(super) fn planned(&mut self, number: u64, planned: Result<Box<Plan>, Trouble>) {
        let by = self.operator();
        let can_step_up = !self.presence.ways().is_empty();
        let Some(Overlay::Form(form)) = &mut self.overlay else { return };
        if form.waits != Some(number) {
            return;
        }
        form.waits = None;
        match planned {
            Err(trouble) => form.wrong = Some(Text::clean(&trouble.to_string())),
            Ok(plan) => {
                let (verb, inputs) = (form.verb, form.inputs());
                let wanted = Wanted { number, verb, inputs, by, can_step_up };
                self.show_plan(*plan, wanted);
            }
        }
    }

    pub(in crate::app) fn form_key(&mut self, key: KeyEvent) -> bool {
        let Some(Overlay::Form(form)) = &mut self.overlay else { return false };
        if form.waits.is_none() {
            form.key(key);
        }
        true
    }

    pub(in crate::app) fn form_paste(&mut self, text: &str) -> bool {
        let Some(Overlay::Form(form)) = &mut self.overlay else { return false };
        if form.waits.is_none() {
            form.paste(text);
        } else {
            self.say(Level::Warning, "The pasted text was ignored: the plan is being made.");
        }
        true
    }

    pub(in crate::app) fn form_choose(&mut self, forward: bool) {
        if let Some(Overlay::Form(form)) = &mut self.overlay
            && form.waits.is_none()
        {
            form.choose(&self.store, forward);
        }
    }
}
