//! Journeys to who changed an object.

use pulse_console::domain::{FeedId, LogSource, Status, TroubleKind};
use pulse_console::store::table::TableId;

use crate::journey::Journey;

fn query(journey: &Journey) -> Option<String> {
    match journey.app.attention().log {
        Some(LogSource::Loki { query }) => Some(query.to_string()),
        Some(LogSource::Pod { .. }) | None => None,
    }
}

#[test]
fn who_changed_a_tenant_is_read_and_followed() {
    let mut journey = Journey::on_nothing();
    journey.tenant("alfa", Status::True).tenant("alfa-2", Status::True).size(140, 30);
    journey.keys("A").sees("audit records of alfa").sees("\"CREATE\"").lacks("alfa-2");
    journey.sees("portal-api").sees("following");
    assert_eq!(query(&journey).as_deref(), Some(r#"{namespace="audit-webhook"} |= "\"alfa\"""#));
    let lines = journey.app.store.log().entries().len();
    journey.advance(2).tenant("alfa", Status::False).advance(2).sees("Ready is False");
    assert!(journey.app.store.log().entries().len() > lines, "new records come as they are made");
    journey.keys("P").sees("Only the log of a container has a run before this one.");
    journey.keys("/").types("crossplane").keys("enter").sees("match ");
    journey.keys("esc esc");
    assert_eq!((query(&journey), journey.pane()), (None, TableId::Tenants));
}

#[test]
fn records_that_cannot_be_read_say_why() {
    let mut journey = Journey::on_nothing();
    journey.tenant("alfa", Status::True).cut(FeedId::Audit, TroubleKind::Unreachable);
    journey.keys("A").sees("The audit records can't be read: asking the server");
}

#[test]
fn every_row_leads_to_its_own_records() {
    let mut journey = Journey::on("calm-night");
    for (pane, filter) in [("7", "sinya-varba"), ("4", "tenant:sinya-varba"), ("0", "worker-odoo")]
    {
        journey.keys(pane).keys("/").types(filter).keys("enter g g A");
        let asked = query(&journey).expect("a question");
        assert!(asked.contains("sinya-varba") || asked.contains("worker-odoo"), "{asked}");
        journey.keys("esc").keys("F");
    }
    // A stream belongs to nobody, and is no object of the cluster.
    journey.keys("5 g g A").sees("nobody's change of it is on record");
    assert_eq!(query(&journey), None);
}
