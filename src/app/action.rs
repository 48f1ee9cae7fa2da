//! What the operator can mean: one row per action.
//!
//! Keys, hints, the palette, help and the reference page are all made from [`REGISTRY`].

use crate::domain::operation::Verb;
use crate::domain::{Need, Role};
use crate::input::{self, Context};
use crate::store::table::TableId;

/// What the operator means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// About the program itself.
    Shell(Shell),
    /// Opens something over the pane.
    Open(Opening),
    /// Goes to a pane.
    Pane(PaneMove),
    /// Moves the cursor of the table.
    Cursor(Motion),
    /// Changes how the table is shown, or what is marked in it.
    Table(TableAction),
    /// About the detail drawer.
    Drawer(DrawerAction),
    /// Scrolls the drawer, or the page laid over the pane.
    Scroll(Motion),
    /// Copies to the clipboard.
    Copy(CopyWhat),
    /// Goes where the row leads.
    Row(RowAction),
    /// About the live tail.
    Tail(TailAction),
    /// Ends or recalls a line that is typed.
    Line(LineAction),
    /// Chooses in a list laid over the pane.
    Choice(ChoiceAction),
    /// About a log.
    Log(LogAction),
    /// About who is at the console.
    SignIn(SignInAction),
    /// About an operation.
    Operate(Operate),
}

/// Actions about who is at the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignInAction {
    /// Goes on with what is typed or chosen.
    Submit,
    /// To the next line or choice.
    Next,
    /// To the line or choice before.
    Previous,
    /// Gives up what is under way.
    Cancel,
    /// Signs in another way.
    Other,
    /// Copies the address to go to.
    Copy,
    /// Hides the screen until the factor is given again.
    Lock,
    /// Ends the session.
    SignOut,
}

/// Actions about operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operate {
    /// Lists what can be done with the row.
    Menu,
    /// Does the chosen one of the list.
    Take,
    /// Closes the list.
    CloseMenu,
    /// Asks for what an operation needs, then for its plan.
    Begin(Verb),
    /// About the form of an operation.
    Form(FormAction),
    /// About a plan that is to be confirmed, or another question.
    Plan(PlanAction),
    /// About an operation that was confirmed.
    Run(RunAction),
}

/// Actions about the form of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormAction {
    /// To the next field; from the last one asks for the plan.
    Submit,
    /// To the next field.
    Next,
    /// To the field before.
    Previous,
    /// Leaves the form.
    Cancel,
}

/// Actions about a plan that is to be confirmed, or another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlanAction {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Makes the plan anew.
    Again,
    /// Goes on with what is typed.
    Accept,
    /// To the other line that is typed.
    Other,
}

/// Actions about an operation that was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunAction {
    /// Opens its page.
    Open,
    /// Closes its page; it goes on.
    Close,
    /// Goes on with it, or takes it over.
    Resume,
    /// Takes it back.
    Undo,
    /// Leaves it as it is.
    GiveUp,
    /// Approves of it.
    Approve,
    /// Reads the log of its step.
    Log,
    /// Writes it to a file.
    Export,
}

/// Actions about the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shell {
    /// Ends the program.
    Quit,
    /// Hands the terminal back to the shell until it is resumed.
    Suspend,
    /// Draws the whole screen anew.
    Redraw,
    /// Writes the recording of the last minutes to a file.
    Record,
    /// Goes to the next theme.
    NextTheme,
}

/// What can be laid over the pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opening {
    /// Keys that work here, and the filter language.
    Help,
    /// The search over actions, panes and tenants.
    Palette,
    /// The state of every feed.
    Feeds,
    /// Past notices.
    Notices,
    /// What the operator may do here.
    Rights,
    /// The choice of columns.
    Columns,
    /// The filter line.
    Filter,
}

/// Which pane to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaneMove {
    /// This one.
    To(TableId),
    /// The one to the right.
    Next,
    /// The one to the left.
    Previous,
    /// The next table of this one.
    NextView,
    /// The table before of this one.
    PreviousView,
}

/// A movement along rows or lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One down.
    Down,
    /// One up.
    Up,
    /// A screen down.
    PageDown,
    /// A screen up.
    PageUp,
    /// To the first.
    First,
    /// To the last.
    Last,
}

/// How the table is shown, or what is marked in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableAction {
    /// Marks the row, or takes the mark off.
    Mark,
    /// Takes every mark off.
    ClearMarks,
    /// Sorts by the next column.
    NextSort,
    /// Turns the order round.
    ReverseSort,
    /// Scrolls the columns to the left.
    ColumnsLeft,
    /// Scrolls the columns to the right.
    ColumnsRight,
    /// Takes the filter off; without one closes the drawer, then takes the marks off.
    Back,
    /// Takes the filter off.
    ClearFilter,
    /// Opens the rows folded under a row, or folds them again.
    Unfold,
}

/// Actions about the detail drawer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DrawerAction {
    /// Opens it; when open, moves the keys into it.
    Open,
    /// Closes it.
    Close,
    /// Moves the keys into it.
    Focus,
    /// Moves the keys back to the table.
    Blur,
}

/// Where the row leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowAction {
    /// To what it speaks of, in the pane of that.
    Go,
    /// To the card of its tenant.
    Card,
}

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyWhat {
    /// The name of the row.
    Name,
    /// The whole object or event.
    All,
    /// The address of a page about it.
    Link,
}

/// Actions about the live tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TailAction {
    /// Holds the list still, or lets it go on.
    Pause,
    /// Goes to the newest and stays there.
    Newest,
    /// Filters to the tenant of the row.
    FollowTenant,
    /// Filters to the type of the row.
    FollowType,
    /// Asks for a time and goes to the event nearest to it.
    Jump,
    /// Writes the lines that are shown to a file.
    Save,
    /// Goes to the next gap.
    NextGap,
    /// Goes to the gap before.
    PreviousGap,
}

/// Ends or recalls a line that is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineAction {
    /// Takes the line.
    Accept,
    /// Leaves the line, and what was before it stays.
    Cancel,
    /// The line taken before this one.
    Previous,
    /// The line taken after this one.
    Next,
}

/// Chooses in a list laid over the pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChoiceAction {
    /// One down.
    Next,
    /// One up.
    Previous,
    /// Switches the chosen one on or off.
    Toggle,
    /// Closes the list or page.
    Close,
}

/// Actions about a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogAction {
    /// Reads the log of the row.
    Open,
    /// Reads the audit records of the row's object.
    Audit,
    /// Ends the search, or closes the log.
    Close,
    /// Keeps the newest line in sight, or stays where it is.
    Follow,
    /// Lets long lines go on in the next row, or not.
    Wrap,
    /// Shows the time of each line, or not.
    Times,
    /// Scrolls long lines to the left.
    Left,
    /// Scrolls long lines to the right.
    Right,
    /// Goes to the next container or pod.
    NextLog,
    /// Goes to the run of the container before its last restart, or back.
    OtherRun,
    /// Looks for a text.
    Search,
    /// Goes to the next line that holds it.
    NextMatch,
    /// Goes to the line before that holds it.
    PreviousMatch,
}

/// What it may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    /// Nothing outside this console changes.
    None,
    /// Something changes that can be changed back.
    Reversible,
    /// Something is lost.
    Destructive,
}

/// One row of the registry.
#[derive(Clone, Copy, Debug)]
pub struct ActionSpec {
    /// What is meant.
    pub action: Action,
    /// Its name, contexts and line of help, as key files know it.
    pub verb: input::Verb,
    /// The least role that may do it.
    pub role: Role,
    /// What it may break.
    pub danger: Danger,
    /// What the cluster must let the operator do for it, in groups; all of them are in [`Need::ALL`].
    pub needs: &'static [&'static [Need]],
}

impl ActionSpec {
    /// What the cluster must let the operator do for it.
    pub fn needs(&self) -> impl Iterator<Item = &'static Need> {
        self.needs.iter().copied().flatten()
    }
}

use Context::{
    Alerts, Columns, Confirm, Drawer, Events, Feeds, Filter, Form, Global, Help, Line, Log, Menu,
    Palette, Plan, Run, SignIn, Table,
};

/// Where something scrolls.
const TYPED: &[Context] = &[Drawer, Help, Feeds, Log, Plan, Run, Confirm];
/// The same, but for where keys are text.
const PAGES: &[Context] = &[Drawer, Help, Feeds, Log, Plan, Run];

const fn look(
    id: &'static str,
    action: Action,
    contexts: &'static [Context],
    doc: &'static str,
) -> ActionSpec {
    let verb = input::Verb { id, doc, contexts };
    ActionSpec { action, verb, role: Role::Viewer, danger: Danger::None, needs: &[] }
}

/// An operation that is asked for.
const fn begin(id: &'static str, verb: Verb, danger: Danger, role: Role) -> ActionSpec {
    let action = Action::Operate(Operate::Begin(verb));
    let needs = needs_of(verb);
    ActionSpec { role, danger, needs, ..look(id, action, &[Table, Drawer], verb.what()) }
}

/// What the cluster must let whoever runs `verb` do. What is done elsewhere is for other servers to allow.
const fn needs_of(verb: Verb) -> &'static [&'static [Need]] {
    match verb {
        Verb::Provision | Verb::Tier => &[Need::RUN_OPERATIONS, Need::CHANGE_TENANTS],
        Verb::Deprovision => &[Need::RUN_OPERATIONS, Need::DELETE_TENANTS, Need::TAKE_BACKUPS],
        Verb::RestoreBeside => &[Need::RUN_OPERATIONS, Need::RUN_RESTORES],
        Verb::RestoreSwap | Verb::RestoreInPlace => {
            &[Need::RUN_OPERATIONS, Need::RUN_RESTORES, Need::TAKE_BACKUPS]
        }
        Verb::UpgradeSame => &[Need::RUN_OPERATIONS, Need::RUN_UPGRADES, Need::TAKE_BACKUPS],
        Verb::UpgradeCross => {
            &[Need::RUN_OPERATIONS, Need::RUN_UPGRADES, Need::TAKE_BACKUPS, Need::CHANGE_TENANTS]
        }
        Verb::Backup => &[Need::RUN_OPERATIONS, Need::TAKE_BACKUPS],
        Verb::Template => &[Need::RUN_OPERATIONS, Need::BUILD_TEMPLATES],
        Verb::DropKept
        | Verb::Cancel
        | Verb::Terminate
        | Verb::PausePool
        | Verb::ResumePool
        | Verb::Silence
        | Verb::ExpireSilence
        | Verb::Ack
        | Verb::Unack => &[Need::RUN_OPERATIONS],
    }
}

/// What is needed to go on with an operation that is there, whatever it does.
const GO_ON: &[&[Need]] = &[&[
    Need::READ_JOURNALS,
    Need::WRITE_JOURNALS,
    Need::READ_LEASES,
    Need::MAKE_LEASES,
    Need::TAKE_LEASES,
]];

/// What is done with an operation that is there.
const fn run(id: &'static str, action: RunAction, doc: &'static str) -> ActionSpec {
    let action = Action::Operate(Operate::Run(action));
    let spec = look(id, action, &[Table, Drawer, Run], doc);
    ActionSpec { role: Role::Operator, danger: Danger::Reversible, needs: GO_ON, ..spec }
}

const fn form(id: &'static str, action: FormAction, doc: &'static str) -> ActionSpec {
    look(id, Action::Operate(Operate::Form(action)), &[Form], doc)
}

const fn plan(
    id: &'static str,
    action: PlanAction,
    contexts: &'static [Context],
    doc: &'static str,
) -> ActionSpec {
    look(id, Action::Operate(Operate::Plan(action)), contexts, doc)
}

/// Every action of the console, in the order of the reference page.
pub static REGISTRY: &[ActionSpec] = &[
    look("app.quit", Action::Shell(Shell::Quit), &[Global], "quit"),
    look("app.suspend", Action::Shell(Shell::Suspend), &[Global], "suspend to the shell"),
    look("app.help", Action::Open(Opening::Help), &[Global], "show the keys that work here"),
    look(
        "app.palette",
        Action::Open(Opening::Palette),
        &[Global],
        "find an action, pane or tenant",
    ),
    look("app.redraw", Action::Shell(Shell::Redraw), &[Global], "draw the screen anew"),
    look(
        "app.record",
        Action::Shell(Shell::Record),
        &[Global],
        "save a recording of the last minutes",
    ),
    look("app.feeds", Action::Open(Opening::Feeds), &[Global], "show the state of every feed"),
    look("app.notices", Action::Open(Opening::Notices), &[Global], "show past notices"),
    look("theme.next", Action::Shell(Shell::NextTheme), &[Global], "go to the next theme"),
    look(
        "pane.overview",
        Action::Pane(PaneMove::To(TableId::Overview)),
        &[Global],
        "go to the overview: what is wrong now",
    ),
    look(
        "pane.tenants",
        Action::Pane(PaneMove::To(TableId::Tenants)),
        &[Global],
        "go to the tenants",
    ),
    look(
        "pane.events",
        Action::Pane(PaneMove::To(TableId::Events)),
        &[Global],
        "go to the live events",
    ),
    look(
        "pane.databases",
        Action::Pane(PaneMove::To(TableId::Databases)),
        &[Global],
        "go to databases, sessions and pools",
    ),
    look(
        "pane.streams",
        Action::Pane(PaneMove::To(TableId::Streams)),
        &[Global],
        "go to streams and keys",
    ),
    look(
        "pane.backups",
        Action::Pane(PaneMove::To(TableId::Backups)),
        &[Global],
        "go to the backups",
    ),
    look(
        "pane.upgrades",
        Action::Pane(PaneMove::To(TableId::Upgrades)),
        &[Global],
        "go to upgrades, restores and templates",
    ),
    look(
        "pane.alerts",
        Action::Pane(PaneMove::To(TableId::Alerts)),
        &[Global],
        "go to alerts and silences",
    ),
    look(
        "pane.operations",
        Action::Pane(PaneMove::To(TableId::Operations)),
        &[Global],
        "go to operations and what is due",
    ),
    look(
        "pane.cluster",
        Action::Pane(PaneMove::To(TableId::Workloads)),
        &[Global],
        "go to the objects of the cluster",
    ),
    look(
        "pane.services",
        Action::Pane(PaneMove::To(TableId::Services)),
        &[Global],
        "go to services and agents",
    ),
    look(
        "session.lock",
        Action::SignIn(SignInAction::Lock),
        &[Global],
        "hide the screen until you come back",
    ),
    look("session.rights", Action::Open(Opening::Rights), &[Global], "show what you may do here"),
    look("session.sign-out", Action::SignIn(SignInAction::SignOut), &[Global, SignIn], "sign out"),
    look("sign-in.submit", Action::SignIn(SignInAction::Submit), &[SignIn], "go on"),
    look("sign-in.next", Action::SignIn(SignInAction::Next), &[SignIn], "move to the next line"),
    look(
        "sign-in.previous",
        Action::SignIn(SignInAction::Previous),
        &[SignIn],
        "move to the line before",
    ),
    look("sign-in.other", Action::SignIn(SignInAction::Other), &[SignIn], "sign in another way"),
    look(
        "sign-in.copy",
        Action::SignIn(SignInAction::Copy),
        &[SignIn],
        "copy the address to go to",
    ),
    look(
        "sign-in.cancel",
        Action::SignIn(SignInAction::Cancel),
        &[SignIn],
        "give up what is under way",
    ),
    look("pane.next", Action::Pane(PaneMove::Next), &[Global], "go to the next pane"),
    look("pane.previous", Action::Pane(PaneMove::Previous), &[Global], "go to the pane before"),
    look("view.next", Action::Pane(PaneMove::NextView), &[Global], "go to the pane's next table"),
    look(
        "view.previous",
        Action::Pane(PaneMove::PreviousView),
        &[Global],
        "go to the pane's table before",
    ),
    look("cursor.down", Action::Cursor(Motion::Down), &[Table], "move down"),
    look("cursor.up", Action::Cursor(Motion::Up), &[Table], "move up"),
    look("cursor.page-down", Action::Cursor(Motion::PageDown), &[Table], "move a screen down"),
    look("cursor.page-up", Action::Cursor(Motion::PageUp), &[Table], "move a screen up"),
    look("cursor.first", Action::Cursor(Motion::First), &[Table], "move to the first row"),
    look("cursor.last", Action::Cursor(Motion::Last), &[Table], "move to the last row"),
    look(
        "cursor.mark",
        Action::Table(TableAction::Mark),
        &[Table],
        "mark the row, or take the mark off",
    ),
    look("marks.clear", Action::Table(TableAction::ClearMarks), &[Table], "take every mark off"),
    look("sort.next", Action::Table(TableAction::NextSort), &[Table], "sort by the next column"),
    look("sort.reverse", Action::Table(TableAction::ReverseSort), &[Table], "turn the order round"),
    look(
        "columns.left",
        Action::Table(TableAction::ColumnsLeft),
        &[Table],
        "scroll the columns left",
    ),
    look(
        "columns.right",
        Action::Table(TableAction::ColumnsRight),
        &[Table],
        "scroll the columns right",
    ),
    look("columns.open", Action::Open(Opening::Columns), &[Table], "choose the columns"),
    look("filter.open", Action::Open(Opening::Filter), &[Table], "filter the rows"),
    look("filter.clear", Action::Table(TableAction::ClearFilter), &[Table], "take the filter off"),
    look(
        "table.back",
        Action::Table(TableAction::Back),
        &[Table],
        "go back: filter, drawer, marks",
    ),
    look(
        "drawer.open",
        Action::Drawer(DrawerAction::Open),
        &[Table],
        "open the details of the row",
    ),
    look(
        "drawer.close",
        Action::Drawer(DrawerAction::Close),
        &[Table, Drawer],
        "close the details",
    ),
    look("drawer.focus", Action::Drawer(DrawerAction::Focus), &[Table], "move into the details"),
    look("drawer.blur", Action::Drawer(DrawerAction::Blur), &[Drawer], "move back to the table"),
    look("drawer.down", Action::Scroll(Motion::Down), TYPED, "scroll down"),
    look("drawer.up", Action::Scroll(Motion::Up), TYPED, "scroll up"),
    look("drawer.page-down", Action::Scroll(Motion::PageDown), TYPED, "scroll a screen down"),
    look("drawer.page-up", Action::Scroll(Motion::PageUp), TYPED, "scroll a screen up"),
    look("drawer.first", Action::Scroll(Motion::First), PAGES, "scroll to the top"),
    look("drawer.last", Action::Scroll(Motion::Last), PAGES, "scroll to the end"),
    look(
        "row.copy",
        Action::Copy(CopyWhat::Name),
        &[Table, Drawer, Log],
        "copy the name of the row, or the line of a log",
    ),
    look(
        "row.copy-link",
        Action::Copy(CopyWhat::Link),
        &[Alerts],
        "copy the address of the page about it",
    ),
    look(
        "table.unfold",
        Action::Table(TableAction::Unfold),
        &[Alerts],
        "open the alerts of one cause, or fold them again",
    ),
    look(
        "row.copy-all",
        Action::Copy(CopyWhat::All),
        &[Table, Drawer, Log],
        "copy the whole object or log",
    ),
    look(
        "row.go",
        Action::Row(RowAction::Go),
        &[Table, Drawer],
        "go to what the row speaks of, in its own pane",
    ),
    look(
        "tenant.card",
        Action::Row(RowAction::Card),
        &[Table, Drawer],
        "open the card of the row's tenant",
    ),
    look(
        "tail.pause",
        Action::Tail(TailAction::Pause),
        &[Table],
        "hold the list still, or let it go on",
    ),
    look("tail.newest", Action::Tail(TailAction::Newest), &[Events], "follow the newest event"),
    look(
        "events.follow-tenant",
        Action::Tail(TailAction::FollowTenant),
        &[Events],
        "show only the tenant of the row",
    ),
    look(
        "events.follow-type",
        Action::Tail(TailAction::FollowType),
        &[Events],
        "show only the type of the row",
    ),
    look("events.jump", Action::Tail(TailAction::Jump), &[Events], "go to a time"),
    look(
        "events.save",
        Action::Tail(TailAction::Save),
        &[Events],
        "save the events shown to a file",
    ),
    look("gap.next", Action::Tail(TailAction::NextGap), &[Events], "go to the next gap"),
    look("gap.previous", Action::Tail(TailAction::PreviousGap), &[Events], "go to the gap before"),
    look(
        "line.accept",
        Action::Line(LineAction::Accept),
        &[Line, Filter, Palette],
        "take the line",
    ),
    look(
        "line.cancel",
        Action::Line(LineAction::Cancel),
        &[Line, Filter, Palette],
        "leave the line",
    ),
    look("history.previous", Action::Line(LineAction::Previous), &[Filter], "the filter before"),
    look("history.next", Action::Line(LineAction::Next), &[Filter], "the filter after"),
    look(
        "choice.next",
        Action::Choice(ChoiceAction::Next),
        &[Palette, Columns, Menu, Form],
        "move down",
    ),
    look(
        "choice.previous",
        Action::Choice(ChoiceAction::Previous),
        &[Palette, Columns, Menu, Form],
        "move up",
    ),
    look(
        "columns.toggle",
        Action::Choice(ChoiceAction::Toggle),
        &[Columns],
        "show or hide the column",
    ),
    look("columns.close", Action::Choice(ChoiceAction::Close), &[Columns], "close the choice"),
    look("help.close", Action::Choice(ChoiceAction::Close), &[Help, Feeds], "close the page"),
    ActionSpec {
        needs: &[&[Need::READ_LOGS]],
        ..look("row.log", Action::Log(LogAction::Open), &[Table, Drawer], "read the log of the row")
    },
    look(
        "logs.audit",
        Action::Log(LogAction::Audit),
        &[Table, Drawer],
        "read who changed the row's object: its audit records",
    ),
    look("log.close", Action::Log(LogAction::Close), &[Log], "end the search, or close the log"),
    look(
        "log.follow",
        Action::Log(LogAction::Follow),
        &[Log],
        "follow the newest line, or stay here",
    ),
    look("log.search", Action::Log(LogAction::Search), &[Log], "look for a text"),
    look("log.match-next", Action::Log(LogAction::NextMatch), &[Log], "go to the next match"),
    look(
        "log.match-previous",
        Action::Log(LogAction::PreviousMatch),
        &[Log],
        "go to the match before",
    ),
    look("log.next", Action::Log(LogAction::NextLog), &[Log], "go to the next container or pod"),
    look(
        "log.other-run",
        Action::Log(LogAction::OtherRun),
        &[Log],
        "show the run before the last restart, or the one now",
    ),
    look("log.wrap", Action::Log(LogAction::Wrap), &[Log], "wrap long lines, or not"),
    look("log.times", Action::Log(LogAction::Times), &[Log], "show the times, or not"),
    look("log.left", Action::Log(LogAction::Left), &[Log], "scroll long lines left"),
    look("log.right", Action::Log(LogAction::Right), &[Log], "scroll long lines right"),
    look(
        "operate.menu",
        Action::Operate(Operate::Menu),
        &[Table, Drawer, Feeds],
        "list what can be done with the row",
    ),
    look("menu.take", Action::Operate(Operate::Take), &[Menu], "do the chosen one"),
    look("menu.close", Action::Operate(Operate::CloseMenu), &[Menu], "close the list"),
    begin("operate.provision", Verb::Provision, Danger::Reversible, Role::Operator),
    begin("operate.restore-beside", Verb::RestoreBeside, Danger::Reversible, Role::Operator),
    begin("operate.restore-swap", Verb::RestoreSwap, Danger::Destructive, Role::Senior),
    begin("operate.restore-in-place", Verb::RestoreInPlace, Danger::Destructive, Role::Senior),
    begin("operate.upgrade-same", Verb::UpgradeSame, Danger::Destructive, Role::Operator),
    begin("operate.upgrade-cross", Verb::UpgradeCross, Danger::Destructive, Role::Senior),
    begin("operate.backup", Verb::Backup, Danger::Reversible, Role::Operator),
    begin("operate.template", Verb::Template, Danger::Reversible, Role::Operator),
    begin("operate.tier", Verb::Tier, Danger::Destructive, Role::Operator),
    begin("operate.deprovision", Verb::Deprovision, Danger::Destructive, Role::Senior),
    begin("operate.drop-kept", Verb::DropKept, Danger::Destructive, Role::Senior),
    begin("operate.cancel", Verb::Cancel, Danger::Destructive, Role::Operator),
    begin("operate.terminate", Verb::Terminate, Danger::Destructive, Role::Operator),
    begin("operate.pause-pool", Verb::PausePool, Danger::Destructive, Role::Operator),
    begin("operate.resume-pool", Verb::ResumePool, Danger::Reversible, Role::Operator),
    begin("operate.silence", Verb::Silence, Danger::Reversible, Role::Operator),
    begin("operate.expire-silence", Verb::ExpireSilence, Danger::Reversible, Role::Operator),
    begin("operate.ack", Verb::Ack, Danger::Reversible, Role::Operator),
    begin("operate.unack", Verb::Unack, Danger::Reversible, Role::Operator),
    form("form.submit", FormAction::Submit, "go on; from the last field, ask for the plan"),
    form("form.next", FormAction::Next, "go to the next field"),
    form("form.previous", FormAction::Previous, "go to the field before"),
    form("form.cancel", FormAction::Cancel, "leave the form"),
    plan("plan.yes", PlanAction::Yes, &[Plan], "say yes"),
    plan("plan.no", PlanAction::No, &[Plan, Confirm], "say no, or leave the plan"),
    plan("plan.again", PlanAction::Again, &[Plan], "make the plan anew"),
    plan("confirm.accept", PlanAction::Accept, &[Confirm], "go on with what is typed"),
    plan("confirm.other", PlanAction::Other, &[Confirm], "go to the other line"),
    look(
        "operation.open",
        Action::Operate(Operate::Run(RunAction::Open)),
        &[Table, Drawer],
        "open the page of the operation",
    ),
    look(
        "operation.close",
        Action::Operate(Operate::Run(RunAction::Close)),
        &[Run],
        "close the page; the operation goes on",
    ),
    run("operation.resume", RunAction::Resume, "go on with the operation, or take it over"),
    run("operation.undo", RunAction::Undo, "take the operation back"),
    run("operation.give-up", RunAction::GiveUp, "leave the operation as it is"),
    run("operation.approve", RunAction::Approve, "approve of the operation"),
    ActionSpec {
        needs: &[&[Need::READ_LOGS]],
        ..look(
            "operation.log",
            Action::Operate(Operate::Run(RunAction::Log)),
            &[Run],
            "read the log of the operation's step",
        )
    },
    look(
        "operation.export",
        Action::Operate(Operate::Run(RunAction::Export)),
        &[Table, Drawer, Run],
        "write the operation to a file",
    ),
];

/// The row of the registry named `id`.
#[must_use]
pub fn spec(id: &str) -> Option<&'static ActionSpec> {
    REGISTRY.iter().find(|spec| spec.verb.id == id)
}

/// Every action as key files know it.
#[must_use]
pub fn verbs() -> Vec<input::Verb> {
    REGISTRY.iter().map(|spec| spec.verb).collect()
}
