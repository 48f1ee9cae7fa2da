//! Signing in by typing the password in the console, over Authentik's flow executor.
//!
//! The console does what Authentik's own page does: it begins an authorization, answers the stages of the flows that it
//! is sent through, and takes the code out of the address that it is sent to last. Nobody listens at that address.
//! Invariants: nothing is asked of another host than the provider's; what is typed is sent once, to the stage that asked
//! for it; a provider that never comes to an end is left.

mod link;
mod sent;
mod site;
mod stage;
mod trouble;

use std::sync::Arc;

use reqwest::Url;

use self::link::{Link, Reply};
use self::sent::Sent;
use self::site::{Place, Site};
use self::stage::{Form, Stage, Which};
use super::flow::{Authorization, Outcome, Request};
use super::talk::Talk;
use crate::domain::Trouble;
use crate::platform::{Answer, Challenge};

/// Where the code comes to, as it is registered for native applications (RFC 8252): nobody needs to listen there.
const REDIRECT: &str = "http://127.0.0.1/callback";

/// Asks what the flow called `slug` asks, and answers it.
pub(super) async fn sign_in(
    request: &Request,
    slug: &str,
    talk: &mut Talk<'_>,
) -> Result<Outcome, Trouble> {
    let redirect = Url::parse(REDIRECT).map_err(|_| trouble::no_address(REDIRECT))?;
    let authorization = Authorization::begin(request, redirect.clone());
    let site = Site::of(&request.authorization_endpoint, redirect, slug)?;
    let begin = Place::Page(without_prompt(&authorization.address));
    let link = Link::new(request.certificates.as_deref(), Arc::clone(&request.cookies), site)?;
    let end = Walk { link, talk }.until_the_end(begin).await?;
    authorization.end(&end)
}

/// Who signs in here comes without cookies, so the provider asks anyway; told to (`prompt`, `max_age`), it might ask twice.
fn without_prompt(address: &Url) -> Url {
    let kept = address.query_pairs().filter(|(name, _)| name != "prompt" && name != "max_age");
    let mut plain = address.clone();
    plain.query_pairs_mut().clear().extend_pairs(kept);
    plain
}

/// A person's way through the provider's flows.
struct Walk<'a, 'b> {
    link: Link,
    talk: &'a mut Talk<'b>,
}

impl Walk<'_, '_> {
    /// Goes on from `place` until the provider sends us to the redirect address; gives that with its query.
    async fn until_the_end(mut self, mut place: Place) -> Result<Url, Trouble> {
        loop {
            place = match place {
                Place::End(answer) => return Ok(answer),
                Place::Page(page) => self.link.page(&page).await?,
                Place::Flow { page, slug } => {
                    self.link.greet(&page).await?;
                    let executor = self.link.site().executor(&slug, &page)?;
                    self.flow(&executor).await?
                }
                Place::Executor(executor) => self.flow(&executor).await?,
            };
        }
    }

    /// Answers the stages of one flow; gives where it leads.
    async fn flow(&mut self, executor: &Url) -> Result<Place, Trouble> {
        let mut reply = self.link.look(executor).await?;
        loop {
            let stage = match reply {
                Reply::Moved(place) => return Ok(place),
                Reply::Stage(stage) => stage,
            };
            reply = match stage {
                Stage::Leads(to) => return self.link.site().place(executor, &to),
                Stage::Stuck(trouble) => return Err(trouble),
                Stage::Asks(form) => self.fill(executor, form).await?,
                Stage::AsksWhich(which) => {
                    let form = self.choose(which).await?;
                    self.fill(executor, form).await?
                }
                Stage::Consent { title, permissions, token } => {
                    self.talk.ask(Challenge::Consent { title, permissions }).await?;
                    self.link.rest();
                    let sent = Sent::to("ak-stage-consent").with("token", &token);
                    self.link.answer(executor, &sent).await?
                }
                // A console that others use after this person must not be remembered.
                Stage::Remembers => {
                    let sent = Sent::to("ak-stage-user-login").without("remember_me");
                    self.link.answer(executor, &sent).await?
                }
            };
        }
    }

    /// Asks for what `form` wants, and sends it.
    async fn fill(&mut self, executor: &Url, form: Form) -> Result<Reply, Trouble> {
        let Form { component, title, person, fields, wrong } = form;
        let prompts = fields.iter().map(|field| field.prompt).collect();
        let answer = self.talk.ask(Challenge::Prompts { title, person, prompts, wrong }).await?;
        let Answer::Typed(typed) = answer else { return Err(trouble::other_answer()) };
        if typed.len() != fields.len() {
            return Err(trouble::other_answer());
        }
        self.link.rest();
        let sent = fields.iter().zip(&typed).fold(Sent::to(component), |sent, (field, typed)| {
            sent.with(field.name, typed.expose())
        });
        self.link.answer(executor, &sent).await
    }

    /// Asks which of several devices to use.
    async fn choose(&mut self, which: Which) -> Result<Form, Trouble> {
        let Which { title, choices, form, elsewhere } = which;
        match self.talk.ask(Challenge::Choice { title, choices }).await? {
            Answer::Chosen(0) => Ok(form),
            Answer::Chosen(_) => Err(elsewhere),
            _ => Err(trouble::other_answer()),
        }
    }
}
