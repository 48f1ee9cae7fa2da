//! Jobs, and the `CronJobs` that make them.

use super::Raw;
use super::draft::Draft;
use super::view::View;
use crate::domain::{Health, Span, Status};

/// A night's run may be missed by so much; after that one was left out.
const NIGHT: Span = Span::from_secs(26 * 3600);

/// Reads a `CronJob`.
pub(super) fn read_cron_job(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let began = status.get("lastScheduleTime").time();
    let done = status.get("lastSuccessfulTime").time();
    let runs = status.get("active").items().count();
    draft.at = done;
    match (began, done) {
        _ if spec.get("suspend").is_true() => {
            draft.stands(Health::Degraded, "suspended");
            draft.says("It makes no Jobs while it is suspended.");
        }
        _ if runs > 0 => draft.stands(Health::Progressing, "running"),
        (None, _) => draft.stands(Health::Unknown, "has not run yet"),
        (Some(_), None) => draft.stands(Health::Failed, "has never succeeded"),
        (Some(began), Some(done)) if done < began => {
            let missed = began.since(done);
            if missed > NIGHT {
                draft.stands(Health::Failed, &format!("no success for {missed}"));
            } else {
                draft.stands(Health::Degraded, "its last run did not succeed");
            }
        }
        (Some(_), Some(_)) => draft.stands(Health::Healthy, "its last run succeeded"),
    }
    let zone = spec.get("timeZone").text();
    draft.field("schedule", format!("{} {zone}", spec.get("schedule").text()).trim());
    draft.field("last begun", status.get("lastScheduleTime").text());
    draft.field("last success", status.get("lastSuccessfulTime").text());
    draft.field("at once", spec.get("concurrencyPolicy").text());
}

/// Reads a Job.
pub(super) fn read_job(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let [active, succeeded, failed] =
        ["active", "succeeded", "failed"].map(|name| status.get(name).count());
    let wanted = spec.get("completions").number().unwrap_or(1);
    let began = status.get("startTime").time();
    draft.ready = Some((succeeded, wanted));
    let holds = |name: &str| status.condition(name).filter(|one| one.is(Status::True));
    if let Some(failure) = holds("Failed") {
        draft.at = failure.since;
        let why = match failure.reason {
            "BackoffLimitExceeded" => format!("gave up after {} tries", failed.max(1)),
            "DeadlineExceeded" => "ran too long".to_owned(),
            "PodFailurePolicy" => "its pod failed in a way that ends it".to_owned(),
            "" => "failed".to_owned(),
            reason => format!("failed: {reason}"),
        };
        draft.stands(Health::Failed, &why);
        draft.says(&format!("{} ({})", failure.words(), failure.reason));
    } else if let Some(complete) = holds("Complete") {
        draft.at = status.get("completionTime").time().or(complete.since);
        let took = began.zip(draft.at).map(|(began, end)| end.since(began));
        draft
            .stands(Health::Healthy, &took.map_or("done".into(), |took| format!("done in {took}")));
    } else if spec.get("suspend").is_true() {
        draft.at = began;
        draft.stands(Health::Degraded, "suspended");
    } else {
        draft.at = began;
        let state = match (active, failed) {
            (0, 0) => "about to begin".to_owned(),
            (0, failed) => format!("{failed} tries failed, the next one follows"),
            (_, 0) => "running".to_owned(),
            (_, failed) => format!("running, {failed} tries failed"),
        };
        draft.stands(Health::Progressing, &state);
    }
    draft.conditions(status);
    draft.field("began", status.get("startTime").text());
    draft.field("ended", status.get("completionTime").text());
    draft.field("pods", &format!("{active} running, {succeeded} succeeded, {failed} failed"));
    draft.field(
        "tries allowed",
        &spec
            .get("backoffLimit")
            .number()
            .map_or_else(String::new, |limit| (u64::from(limit) + 1).to_string()),
    );
}
