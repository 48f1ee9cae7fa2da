//! One log, from its tail to its end.

use std::time::Duration;

use futures_util::future::pending;

use super::lines::{Cut, Cutter, LONGEST};
use super::place::{Overlap, Place, Verdict, Written};
use super::stand::{self, Now, Stand};
use super::{Teller, Wanted};
use crate::domain::{
    Fact, FeedId, LogChunk, LogLine, LogTold, Span, Text, Timestamp, Trouble, TroubleKind,
};
use crate::live::kubernetes::api::{Failure, Refusal, Stream};
use crate::live::kubernetes::listing::encoded;
use crate::live::kubernetes::pace::Pace;
use crate::live::kubernetes::session::{Ended, Session};
use crate::live::kubernetes::trouble::{self, Asked};
use crate::platform::Closed;

/// So many lines of what was written before are shown.
const TAIL: u32 = 1_000;
/// A log may be silent for long; after so much of it, it is asked for again, in case the link is dead.
const QUIET: Duration = Duration::from_mins(5);
/// Lines are told at least so often, and no more often.
const FLUSH: Span = Span::from_ms(50);
/// The most lines told at once.
const BATCH: usize = 500;
/// How often one looks whether a container has started, or a pod is there again.
const LOOK: Duration = Duration::from_secs(2);
/// How often, at most, a log that can't be had is asked for again.
const RARELY: Duration = Duration::from_secs(10);

/// A log that is being read.
pub(super) struct Reading {
    wanted: Wanted,
    place: Place,
    /// How the container stood when it was last looked at.
    stand: Option<Stand>,
    /// The container was started again, and that was said: its log does not go back to where it was.
    is_anew: bool,
    /// What came last without an end of line: a container that ended wrote no more of it.
    half: Option<Cut>,
    /// What was said of it last, which is not said twice.
    said: String,
    pace: Pace,
}

/// How a stream of lines ended.
enum Over {
    /// The server ended it.
    Whole,
    /// The link broke, or was silent for too long.
    Cut,
}

/// What to do next.
enum Next {
    /// Ask again after so long.
    Again(Duration),
    /// There will be no more.
    Rest,
    /// The session is over.
    End(Ended),
}

impl Reading {
    /// The log that is `wanted`, from its tail on.
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            place: Place::default(),
            stand: None,
            is_anew: false,
            half: None,
            said: String::new(),
            pace: Pace::default(),
        }
    }

    /// What is wanted.
    pub(super) const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Reads until the session is over. May be dropped at any point and taken up again.
    pub(super) async fn follow(
        &mut self,
        session: &Session,
        teller: &mut Teller,
    ) -> Result<Ended, Closed> {
        loop {
            match self.round(session, teller).await? {
                Next::Again(wait) => tokio::time::sleep(wait).await,
                Next::Rest => pending().await,
                Next::End(ended) => return Ok(ended),
            }
        }
    }

    async fn round(&mut self, session: &Session, teller: &mut Teller) -> Result<Next, Closed> {
        if !self.wanted.is_sound() {
            self.end(teller, "No pod can have such a name.").await?;
            return Ok(Next::Rest);
        }
        if self.stand.is_none() {
            match stand::ask(&session.api, &self.wanted).await {
                Ok(None) => return self.gone(teller).await,
                Ok(Some(stand)) => self.stand = Some(stand),
                // Who may read logs need not be allowed to read pods.
                Err(failure) if failure.code() == Some(403) => self.stand = Some(Stand::default()),
                Err(failure) => return self.failed(session, teller, &failure).await,
            }
        }
        match session.api.open(&self.path()).await {
            Ok(stream) => {
                teller.recover().await?;
                session.set_live(FeedId::Log, true);
                let over = self.pump(session, teller, stream).await?;
                self.after(session, teller, over).await
            }
            Err(failure) => self.failed(session, teller, &failure).await,
        }
    }

    fn path(&self) -> String {
        let known = self.stand.as_ref().map(|stand| stand.container.as_str());
        let container = self.wanted.container.as_deref().or(known).unwrap_or_default();
        let mut path = format!("{}/log?timestamps=true", self.wanted.pod_path());
        if !container.is_empty() {
            path += &format!("&container={}", encoded(container));
        }
        path += if self.wanted.previous { "&previous=true" } else { "&follow=true" };
        match self.place.since() {
            Some(since) => path + &format!("&sinceTime={}", encoded(&since)),
            None => path + &format!("&tailLines={TAIL}"),
        }
    }

    /// Tells lines as they come, many at once when they come quickly.
    async fn pump(
        &mut self,
        session: &Session,
        teller: &Teller,
        mut stream: Stream,
    ) -> Result<Over, Closed> {
        let mut overlap = self.place.overlap();
        if std::mem::take(&mut self.is_anew) {
            overlap.forgive();
        }
        let (mut cutter, mut lines) = (Cutter::default(), Vec::new());
        let mut told = Timestamp::default();
        loop {
            let over = match stream.next(QUIET).await {
                Ok(Some(bytes)) => {
                    session.hear(bytes.len());
                    cutter.push(&bytes, &mut lines);
                    let wait = FLUSH.ms().saturating_sub(teller.sink.now().since(told).ms());
                    if wait > 0 && lines.len() < BATCH {
                        tokio::time::sleep(Duration::from_millis(wait)).await;
                    }
                    while lines.len() < BATCH
                        && let Some(bytes) = stream.ready()
                    {
                        session.hear(bytes.len());
                        cutter.push(&bytes, &mut lines);
                    }
                    None
                }
                Ok(None) => Some(Over::Whole),
                Err(_) => Some(Over::Cut),
            };
            if !lines.is_empty() {
                self.tell(teller, &mut overlap, std::mem::take(&mut lines)).await?;
                told = teller.sink.now();
            }
            if let Some(over) = over {
                self.half = cutter.rest();
                return Ok(over);
            }
        }
    }

    async fn tell(
        &mut self,
        teller: &Teller,
        overlap: &mut Overlap,
        lines: Vec<Cut>,
    ) -> Result<(), Closed> {
        let source = &self.wanted.source;
        let (mut place, mut facts, mut batch) = (self.place.clone(), Vec::new(), Vec::new());
        let chunk = |told| Fact::Log(LogChunk { source: source.clone(), told });
        for cut in lines {
            let line = Written::read(&cut);
            match overlap.judge(&line) {
                Verdict::Known => continue,
                Verdict::New => {}
                Verdict::NewAfterGap => {
                    let why = "Lines may be missing here: the link was cut, and the log no longer goes back to then.";
                    facts.push(chunk(LogTold::Gap(Text::clean(why))));
                }
            }
            place.note(&line);
            batch.push(LogLine {
                at: line.nanos.map(|nanos| Timestamp::from_ms(nanos.div_euclid(1_000_000))),
                text: Text::bounded(&line.text, LONGEST + 64),
            });
        }
        if !batch.is_empty() {
            self.pace.reset();
            facts.push(chunk(LogTold::Lines(batch.into())));
        }
        teller.tell(facts).await?;
        // Only now: one who is dropped before tells these lines again.
        self.place = place;
        Ok(())
    }

    /// The stream ended: because the container did, or the link?
    async fn after(
        &mut self,
        session: &Session,
        teller: &mut Teller,
        over: Over,
    ) -> Result<Next, Closed> {
        let half = self.half.take();
        if self.wanted.previous && matches!(over, Over::Whole) {
            self.tell_half(teller, half).await?;
            self.end(teller, "That is all that it wrote before its restart.").await?;
            return Ok(Next::Rest);
        }
        let stand = match stand::ask(&session.api, &self.wanted).await {
            Ok(Some(stand)) => stand,
            Ok(None) => return self.gone(teller).await,
            Err(failure) if failure.code() == Some(403) => Stand::default(),
            Err(failure) => return self.failed(session, teller, &failure).await,
        };
        let before = self.stand.replace(stand.clone()).map_or(0, |before| before.restarts);
        let name = &stand.container;
        if stand.restarts > before {
            self.is_anew = true;
            let why = format!(
                "{name} was started again here (restart {}): its last lines before may be missing.",
                stand.restarts
            );
            self.gap(teller, &why).await?;
        }
        match stand.now {
            Now::Ended(how, true) => {
                self.tell_half(teller, half).await?;
                self.end(teller, &format!("{name} {how}.")).await?;
                Ok(Next::Rest)
            }
            Now::Ended(how, false) => {
                self.gap(teller, &format!("{name} {how}; it will be started again.")).await?;
                Ok(Next::Again(self.pace.next(LOOK)))
            }
            Now::Waits(reason, last) => {
                let last = last.map_or_else(String::new, |last| format!("{name} {last}. "));
                let why = format!("{last}It waits to be started ({reason}).");
                self.gap(teller, &why).await?;
                Ok(Next::Again(self.pace.next(LOOK)))
            }
            Now::Runs => Ok(Next::Again(self.pace.next(Pace::LINK))),
        }
    }

    /// Tells what a container that ended wrote without ending the line.
    async fn tell_half(&mut self, teller: &Teller, half: Option<Cut>) -> Result<(), Closed> {
        match half {
            Some(half) => self.tell(teller, &mut Overlap::default(), vec![half]).await,
            None => Ok(()),
        }
    }

    /// No log could be had.
    async fn failed(
        &mut self,
        session: &Session,
        teller: &mut Teller,
        failure: &Failure,
    ) -> Result<Next, Closed> {
        let place = &session.place;
        let doing = format!("reading the log of {}", self.wanted.source);
        let asked = Asked { doing: &doing, resource: "pods/log", group: "" };
        let refusal = match failure {
            Failure::Status(refusal) => refusal,
            _ => {
                session.doubt.notify_one();
                if self.pace.tries() > 0 {
                    session.set_live(FeedId::Log, false);
                    teller.trouble(trouble::of(failure, asked, place, teller.sink.now())).await?;
                }
                return Ok(Next::Again(self.pace.next(Pace::LINK)));
            }
        };
        match refusal.code {
            400 => self.refused(teller, refusal).await,
            404 => self.gone(teller).await,
            401 => {
                let trouble = trouble::of(failure, asked, place, teller.sink.now());
                Ok(Next::End(Ended::Lost(trouble)))
            }
            code => {
                let trouble = if code == 403 {
                    let who = trouble::subject(&refusal.message).unwrap_or(&place.user);
                    denied(&doing, who, &place.address)
                } else {
                    broken(&doing, refusal)
                };
                session.set_live(FeedId::Log, false);
                teller.trouble(trouble).await?;
                let limit = if code == 403 { session.ask_again } else { RARELY.min(LOOK * 2) };
                Ok(Next::Again(self.pace.next(limit)))
            }
        }
    }

    /// The pod is there, and the container has no such log.
    async fn refused(&mut self, teller: &mut Teller, refusal: &Refusal) -> Result<Next, Closed> {
        teller.recover().await?;
        let said = &refusal.message;
        if self.wanted.previous && said.contains("previous terminated container") {
            self.end(teller, "It has not been restarted: nothing was written before.").await?;
            return Ok(Next::Again(RARELY));
        }
        self.stand = None;
        if said.contains("waiting to start") || said.contains("PodInitializing") {
            let reason = said.rsplit(": ").next().unwrap_or_default();
            let why =
                format!("The container waits to be started ({reason}); its log follows then.");
            self.gap(teller, &why).await?;
            return Ok(Next::Again(self.pace.next(LOOK)));
        }
        self.end(teller, &format!("The API server has no such log: {said}.")).await?;
        Ok(Next::Again(RARELY))
    }

    async fn gone(&mut self, teller: &mut Teller) -> Result<Next, Closed> {
        teller.recover().await?;
        let Wanted { namespace, pod, .. } = &self.wanted;
        let was_there = self.stand.take().is_some();
        let why = if was_there {
            format!("The pod {pod} is gone.")
        } else {
            format!("There is no pod {pod} in {namespace}; it may be gone.")
        };
        // It may come again under its name.
        self.is_anew = true;
        self.end(teller, &why).await?;
        Ok(Next::Again(RARELY))
    }

    async fn gap(&mut self, teller: &Teller, why: &str) -> Result<(), Closed> {
        if self.said != why {
            teller.gap(&self.wanted.source, why).await?;
            why.clone_into(&mut self.said);
        }
        Ok(())
    }

    async fn end(&mut self, teller: &Teller, why: &str) -> Result<(), Closed> {
        if self.said != why {
            teller.end(&self.wanted.source, why).await?;
            why.clone_into(&mut self.said);
        }
        Ok(())
    }
}

fn denied(doing: &str, who: &str, address: &str) -> Trouble {
    Trouble::new(
        TroubleKind::Denied,
        &format!("{doing} is forbidden for user {who} on {address}"),
        "Ask an administrator for the verb get on pods/log in the core API group.",
    )
}

/// The API server could not fetch it from the pod's node.
fn broken(doing: &str, refusal: &Refusal) -> Trouble {
    Trouble::new(
        TroubleKind::Server,
        &format!("{doing}: the API server answered {} ({})", refusal.code, refusal.message),
        "See how the pod's node is; the console tries again by itself.",
    )
}
