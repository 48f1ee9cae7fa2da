//! Doing as ordered: one sign-in and one look after the session at a time, each of them given up by dropping it.
//!
//! What was granted waits until it is accepted; only then is it the session, its ID token goes to the servers and its
//! refresh token to the keyring. A session that an outage keeps from being renewed goes on for as long as the console's own
//! rules let it: the provider is away exactly when the console is needed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, pending};
use secrecy::SecretString;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::application::Application;
use super::kept::Kept;
use super::party::Party;
use super::renew::{self, Old, Renewal, Renewed, Upkeep};
use super::sign_in::{self, Anew, Session};
use super::step_up;
use super::talk::Talk;
use super::tokens::{self, Tokens};
use crate::domain::{Text, Trouble, TroubleKind};
use crate::live::Signed;
use crate::platform::{Answer, Closed, Grant, IdentityEvent, Order, Purpose, Teller, Way};

/// How many answers of the operator wait at most: there is one question at a time.
const ANSWERS: usize = 4;
/// The longest sleep: a machine that was asleep itself looks at the clock soon after.
const SLEEP: Duration = Duration::from_secs(15);
/// The longest that leaving is held up by the provider.
const LEAVE_WITHIN: Duration = Duration::from_secs(10);

/// The desk where orders come in.
pub(super) struct Desk {
    pub(super) party: Arc<Party>,
    pub(super) teller: Teller,
    pub(super) bearer: watch::Sender<Option<Signed>>,
    pub(super) kept: Kept,
    pub(super) held: Option<Held>,
    /// What was told and not answered yet, in that order.
    pub(super) told: VecDeque<Told>,
    under_way: Option<UnderWay>,
    pub(super) looked_after: Option<BoxFuture<'static, LookedAfter>>,
    /// Tokens that nobody needs any more are ended beside everything else.
    chores: JoinSet<()>,
    /// Whether the provider must ask the person again: the last one was not let in, or left.
    ask_again: bool,
}

/// The session, and what is done to keep it.
pub(super) struct Held {
    pub(super) session: Session,
    pub(super) upkeep: Upkeep,
}

/// Whom the servers get to know: none without an ID token.
pub(super) fn signed(token: Option<SecretString>, grant: &Grant) -> Option<Signed> {
    let (person, expires_at) = (grant.person.clone(), grant.expires_at);
    token.map(|token| Signed { token, person, expires_at })
}

/// What waits to be accepted.
pub(super) enum Told {
    Session(Box<Session>),
    Renewal(Option<Signed>),
}

/// A sign-in that is under way.
struct UnderWay {
    work: BoxFuture<'static, Result<Done, Trouble>>,
    answers: mpsc::Sender<Answer>,
}

enum Done {
    Session(Box<Session>),
    Proved(Box<step_up::Proved>),
}

/// What came of looking after the session.
pub(super) enum LookedAfter {
    Renewed(Renewal),
    /// Whether the provider still knows it, if that could be found out.
    Looked(Option<bool>),
}

enum Event {
    Order(Option<Order>),
    Done(Result<Done, Trouble>),
    LookedAfter(LookedAfter),
    Time,
}

impl Desk {
    /// A desk that nobody came to yet.
    pub(super) fn new(
        party: Arc<Party>,
        teller: Teller,
        bearer: watch::Sender<Option<Signed>>,
        kept: Kept,
    ) -> Self {
        Self {
            party,
            teller,
            bearer,
            kept,
            held: None,
            told: VecDeque::new(),
            under_way: None,
            looked_after: None,
            chores: JoinSet::new(),
            ask_again: false,
        }
    }

    /// Does as ordered until nobody orders any more.
    pub(super) async fn serve(mut self, mut orders: mpsc::Receiver<Order>) -> Result<(), Closed> {
        self.open().await?;
        loop {
            match self.next(&mut orders).await {
                Event::Order(None) => {
                    self.bearer.send_replace(None);
                    return Ok(());
                }
                Event::Order(Some(order)) => self.obey(order).await?,
                Event::Done(done) => self.done(done).await?,
                Event::LookedAfter(after) => self.take_stock(after).await?,
                Event::Time => {}
            }
            self.look_after().await?;
        }
    }

    async fn next(&mut self, orders: &mut mpsc::Receiver<Order>) -> Event {
        let now = self.party.now();
        let sleep = self.held.as_ref().filter(|_| self.looked_after.is_none());
        let sleep = sleep.map_or(SLEEP, |held| Duration::from_millis(held.upkeep.wait(now).ms()));
        tokio::select! {
            order = orders.recv() => Event::Order(order),
            done = finished(&mut self.under_way) => Event::Done(done),
            after = ended(&mut self.looked_after) => Event::LookedAfter(after),
            Some(_) = self.chores.join_next() => Event::Time,
            () = tokio::time::sleep(sleep.min(SLEEP)) => Event::Time,
        }
    }

    /// Takes up a session from an earlier run, if one was kept.
    async fn open(&mut self) -> Result<(), Closed> {
        let session = match self.kept.read().await {
            Ok(None) => None,
            Ok(Some(kept)) => {
                let proved = kept.proved;
                let old = Old { refresh: kept.refresh, subject: kept.subject, proved };
                self.take_up(old).await?
            }
            Err(why) => {
                self.quietly(&format!("The session can't be kept: {why}.")).await?;
                None
            }
        };
        match session {
            Some(session) => self.tell_session(session).await,
            None => self.teller.tell(IdentityEvent::Ready).await,
        }
    }

    async fn take_up(&mut self, old: Old) -> Result<Option<Session>, Closed> {
        let why = match renew::renew(&self.party, old.clone()).await {
            Renewal::Fresh(tokens, Ok(renewed)) if renewed.subject == old.subject => {
                let Renewed { subject, proved, grant } = *renewed;
                let session = Session { subject, proved, tokens, grant };
                // The token that was kept is used up.
                self.keep(&session).await?;
                return Ok(Some(session));
            }
            Renewal::Fresh(tokens, said) => {
                self.end(tokens, None);
                self.forget().await?;
                said.err().unwrap_or_else(renew::somebody_else)
            }
            Renewal::Refused(trouble) => {
                self.forget().await?;
                trouble
            }
            Renewal::Lost(trouble) | Renewal::Away(trouble) => trouble,
        };
        self.quietly(&format!("The session of the last run does not go on: {why}")).await?;
        Ok(None)
    }

    async fn obey(&mut self, order: Order) -> Result<(), Closed> {
        match order {
            Order::Begin(way, purpose) => {
                self.begin(way, purpose);
                Ok(())
            }
            Order::Answer(answer) => {
                if let Some(under_way) = &self.under_way {
                    // A sign-in that takes no more answers has asked for none.
                    let _ = under_way.answers.try_send(answer);
                }
                Ok(())
            }
            Order::Cancel => {
                self.under_way = None;
                Ok(())
            }
            Order::Accept => self.accept().await,
            Order::Refuse => self.refuse().await,
            Order::SignOut => self.sign_out().await,
        }
    }

    fn begin(&mut self, way: Way, purpose: Purpose) {
        // What is under way goes first: it may hold the port that the next one needs.
        self.under_way = None;
        let (party, teller) = (Arc::clone(&self.party), self.teller.clone());
        let anew = match purpose {
            // A device's code is agreed to in a browser elsewhere, and providers do not ask anew there for being told to.
            Purpose::Unlock if way != Way::Device => Anew::Shown,
            Purpose::Unlock => Anew::Asked,
            _ if self.ask_again => Anew::Asked,
            _ => Anew::No,
        };
        let (answers, mut answered) = mpsc::channel(ANSWERS);
        let work = Box::pin(async move {
            let mut talk = Talk { teller: &teller, answers: &mut answered };
            match purpose {
                Purpose::SignIn | Purpose::Unlock => {
                    let session = sign_in::sign_in(&party, way, anew, &mut talk).await?;
                    Ok(Done::Session(Box::new(session)))
                }
                Purpose::StepUp(plan) => {
                    let proved = step_up::step_up(&party, way, plan, &mut talk).await?;
                    Ok(Done::Proved(Box::new(proved)))
                }
            }
        });
        self.under_way = Some(UnderWay { work, answers });
    }

    async fn done(&mut self, done: Result<Done, Trouble>) -> Result<(), Closed> {
        self.under_way = None;
        match done {
            Ok(Done::Session(session)) => self.tell_session(*session).await,
            Ok(Done::Proved(proved)) => {
                let step_up::Proved { proof, spent, application } = *proved;
                self.end(spent, Some(application));
                self.teller.tell(IdentityEvent::Proved(proof)).await
            }
            Err(trouble) => self.teller.tell(IdentityEvent::Failed(trouble)).await,
        }
    }

    async fn tell_session(&mut self, session: Session) -> Result<(), Closed> {
        let grant = session.grant.clone();
        self.told.push_back(Told::Session(Box::new(session)));
        self.teller.tell(IdentityEvent::Granted(grant)).await
    }

    async fn accept(&mut self) -> Result<(), Closed> {
        match self.told.pop_front() {
            None => Ok(()),
            Some(Told::Renewal(signed)) => {
                if self.held.is_some() {
                    self.bearer.send_replace(signed);
                }
                Ok(())
            }
            Some(Told::Session(session)) => self.take_in(*session).await,
        }
    }

    async fn take_in(&mut self, session: Session) -> Result<(), Closed> {
        self.ask_again = false;
        self.bearer.send_replace(signed(session.tokens.id.clone(), &session.grant));
        self.keep(&session).await?;
        let upkeep = Upkeep::fresh(&session, self.party.now());
        // A renewal of the one before is of no use to this one.
        self.looked_after = None;
        if let Some(before) = self.held.replace(Held { session, upkeep }) {
            // Its refresh token is forgotten and not ended: a provider may end all that it ever agreed to with that.
            self.end(Tokens { refresh: None, ..before.session.tokens }, None);
        }
        Ok(())
    }

    async fn refuse(&mut self) -> Result<(), Closed> {
        self.ask_again = true;
        match self.told.pop_front() {
            None => Ok(()),
            Some(Told::Session(session)) => {
                self.end(session.tokens, None);
                if self.held.is_none() { self.forget().await } else { Ok(()) }
            }
            Some(Told::Renewal(_)) => {
                if let Some(session) = self.put_down().await? {
                    self.end(session.tokens, None);
                }
                Ok(())
            }
        }
    }

    async fn sign_out(&mut self) -> Result<(), Closed> {
        self.under_way = None;
        self.ask_again = true;
        self.bearer.send_replace(None);
        let late = self.looked_after.take();
        let mut session = self.put_down().await?;
        if let (Some(late), Some(session)) = (late, &mut session)
            && let Ok(after) = tokio::time::timeout(LEAVE_WITHIN, late).await
            && let LookedAfter::Renewed(Renewal::Fresh(tokens, _)) = after
        {
            // It was renewed meanwhile: these are the tokens that must be ended.
            session.tokens = tokens;
        }
        let left = match session {
            Some(session) => self.leave(&session.tokens).await,
            None => Ok(()),
        };
        self.teller.tell(IdentityEvent::SignedOut(left.err())).await
    }

    /// Ends the session at the provider, both as tokens and as what the provider calls a session.
    async fn leave(&mut self, tokens: &Tokens) -> Result<(), Trouble> {
        let party = Arc::clone(&self.party);
        let leaving = async {
            let provider = party.provider().await?;
            let application = party.application().await?;
            let revoked = tokens::revoke(&provider, &application, tokens).await;
            match &tokens.id {
                Some(id) => revoked.and(tokens::end_session(&provider, &application, id).await),
                None => revoked,
            }
        };
        tokio::time::timeout(LEAVE_WITHIN, leaving).await.unwrap_or_else(|_| {
            Err(Trouble::new(
                TroubleKind::Slow,
                "ending the session at the provider: no answer in time",
                "It is forgotten here, and runs out there by itself.",
            ))
        })
    }

    /// Lets go of the session everywhere but at the provider.
    pub(super) async fn put_down(&mut self) -> Result<Option<Session>, Closed> {
        self.bearer.send_replace(None);
        self.party.forget_cookies();
        self.looked_after = None;
        self.told.clear();
        self.forget().await?;
        Ok(self.held.take().map(|held| held.session))
    }

    /// Ends `tokens` of `application` (of the first one, when none is named) at the provider, beside everything else.
    pub(super) fn end(&mut self, tokens: Tokens, application: Option<Application>) {
        let party = Arc::clone(&self.party);
        self.chores.spawn(async move {
            let ended = async {
                let application = match application {
                    Some(application) => application,
                    None => party.application().await?,
                };
                tokens::revoke(&*party.provider().await?, &application, &tokens).await
            };
            if let Err(trouble) = ended.await {
                tracing::info!(%trouble, "tokens that are not needed run out by themselves");
            }
        });
    }

    /// Keeps `session` for the next run, if that is wanted.
    pub(super) async fn keep(&mut self, session: &Session) -> Result<(), Closed> {
        let Session { subject, proved, tokens, .. } = session;
        let kept = match &tokens.refresh {
            Some(refresh) => self.kept.write(subject, refresh, proved).await,
            None => self.kept.erase().await,
        };
        match kept {
            Ok(()) => Ok(()),
            Err(why) => self.quietly(&format!("The session can't be kept: {why}.")).await,
        }
    }

    async fn forget(&mut self) -> Result<(), Closed> {
        match self.kept.erase().await {
            Ok(()) => Ok(()),
            Err(why) => self.quietly(&format!("The kept session can't be removed: {why}.")).await,
        }
    }

    /// Says what is no error: one can work without it.
    async fn quietly(&mut self, words: &str) -> Result<(), Closed> {
        tracing::info!("{words}");
        self.teller.tell(IdentityEvent::Hint(vec![Text::bounded(words, 500)])).await
    }
}

async fn finished(under_way: &mut Option<UnderWay>) -> Result<Done, Trouble> {
    match under_way {
        Some(under_way) => (&mut under_way.work).await,
        None => pending().await,
    }
}

async fn ended(looked_after: &mut Option<BoxFuture<'static, LookedAfter>>) -> LookedAfter {
    match looked_after {
        Some(work) => work.await,
        None => pending().await,
    }
}
