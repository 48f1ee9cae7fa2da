//! Changes that are asked for again and again.

use std::time::Duration;

use pulse_console::domain::Text;
use pulse_console::domain::operation::{Command, Goal, Reached};
use pulse_console::platform::Mark;

use super::Killing;
use super::chain::Clean;

const PAUSE: Duration = Duration::from_millis(100);

impl Killing<'_> {
    /// Asks for each change thrice, and for each that takes it back: it is as if each was asked for once.
    pub(super) async fn thrice(&self, lane: &str, clean: &Clean) {
        let play = self.play(lane).await;
        let mark = Mark {
            operation: play.plan.id.clone(),
            by: play.plan.by.clone(),
            reason: Text::from("a test"),
        };
        for step in &play.plan.steps {
            self.again_and_again(step.act.as_ref(), &step.settled, &mark).await;
        }
        assert_eq!(self.changed(&play).await, clean.change, "it is another end");
        if play.plan.no_return.is_some() {
            return;
        }
        for undo in play.plan.steps.iter().rev().filter_map(|step| step.undo.as_ref()) {
            self.again_and_again(Some(&undo.act), &undo.settled, &mark).await;
        }
        self.assert_back(&play, clean).await;
    }

    async fn again_and_again(&self, act: Option<&Command>, settled: &Goal, mark: &Mark) {
        let again = async || {
            if let Some(act) = act {
                // It may be refused: what it would hit is not there any more.
                let _ = self.control.act(act, mark).await;
            }
        };
        if let Some(act) = act
            && !self.is_so(settled).await
        {
            let acted = self.control.act(act, mark).await;
            acted.unwrap_or_else(|why| panic!("{act:?}: {why:?}"));
            again().await;
        }
        self.until(settled).await;
        again().await;
        self.until(settled).await;
    }

    async fn until(&self, goal: &Goal) {
        while !self.is_so(goal).await {
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn is_so(&self, goal: &Goal) -> bool {
        let seen = self.control.look(&goal.query).await.expect("it is seen");
        match goal.expect.judge(&seen) {
            Reached::Yes(_) => true,
            Reached::NotYet(_) => false,
            Reached::Never(why) => panic!("{goal:?}: {why}"),
        }
    }
}
