//! What the pods of the development platform say: a past, a line now and then, and the story of each run.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::platform::{
    Incident, Kubelet, RunJob, RunState, WORKLOADS, Workload, client_name, pod_names,
};

/// Lines that each pod has said before anyone looked.
const PAST: usize = 200;
/// Seconds between two of them.
const APART: i64 = 9;

/// Lets every pod of the Deployments have said something.
pub(crate) fn fill(kubelet: &Kubelet, now: DateTime<Utc>) {
    for workload in &WORKLOADS {
        for (index, pod) in pod_names(workload).iter().enumerate() {
            let speaker = (workload.namespace, pod.as_str(), workload.name);
            match Incident::of(workload, index) {
                Incident::NoImage => {}
                Incident::CrashLoop => {
                    kubelet.said_before(speaker, now, &CRASH);
                    kubelet.say_all(speaker, now, 1, &CRASH.map(str::to_owned));
                    kubelet.end(speaker);
                }
                incident => {
                    let lines: Vec<String> = (0..PAST)
                        .map(|number| {
                            let back = i64::try_from(PAST - number).unwrap_or(0) * APART;
                            line(workload, number, now - chrono::Duration::seconds(back))
                        })
                        .collect();
                    kubelet.say_all(speaker, now, APART, &lines);
                    if incident != Incident::None {
                        kubelet.said_before(
                            speaker,
                            now,
                            &["Killed process 7 (odoo), out of memory"],
                        );
                    }
                }
            }
        }
    }
}

/// Lets one replica of each Deployment that answers say one more line.
pub(crate) fn speak(kubelet: &Kubelet, second: u64, now: DateTime<Utc>) {
    let number = usize::try_from(second).unwrap_or(0);
    for workload in &WORKLOADS {
        let pods = pod_names(workload);
        let index = number % pods.len().max(1);
        let Some(pod) = pods.get(index) else { continue };
        if matches!(Incident::of(workload, index), Incident::None | Incident::Recovered) {
            let text = line(workload, PAST + number, now);
            kubelet.say((workload.namespace, pod, workload.name), now, &text);
        }
    }
}

/// Tells how a run went so far; one that has ended says so in its last line.
pub(crate) fn tell(kubelet: &Kubelet, job: &RunJob) {
    let [began, ended] = job.span;
    let end = if job.state == RunState::Running { began } else { ended };
    for pod in job.pods() {
        let speaker = (job.namespace(), pod.as_str(), job.container());
        let mut lines: Vec<String> =
            STEPS.iter().map(|step| format!("{} INFO {step}", moment(began))).collect();
        match job.state {
            RunState::Running => {}
            RunState::Failed => lines.extend(CRASH.map(str::to_owned)),
            RunState::Succeeded => lines.push(format!("{} INFO done", moment(ended))),
        }
        kubelet.forget(speaker);
        kubelet.say_all(speaker, end, 1, &lines);
        if job.state != RunState::Running {
            kubelet.end(speaker);
        }
    }
}

/// Lets a run that goes on say which module it works at.
pub(crate) fn go_on(kubelet: &Kubelet, job: &RunJob, second: u64, now: DateTime<Utc>) {
    let Some(pod) = job.pods().pop() else { return };
    let text = format!("{} INFO odoo.modules.loading: module {second} of 214", moment(now));
    kubelet.say((job.namespace(), &pod, job.container()), now, &text);
}

const STEPS: [&str; 4] = [
    "connected to pg01.planapulse.com:6432",
    "lock taken, no other run of this tenant",
    "odoo.modules.loading: loading 214 modules",
    "odoo.modules.registry: updating base",
];
const CRASH: [&str; 5] = [
    "Traceback (most recent call last):",
    "  File \"/opt/odoo/odoo/modules/registry.py\", line 129, in new",
    "    odoo.modules.load_modules(registry, force_demo, status, update_module)",
    "psycopg2.errors.UndefinedColumn: column res_partner.plana_segment does not exist",
    "CRITICAL odoo.service.server: Failed to initialize database",
];

fn line(workload: &Workload, number: usize, at: DateTime<Utc>) -> String {
    let db = format!("{}.planapulse.app", client_name(number.wrapping_mul(7) % 40));
    let (level, message) = match number % 23 {
        7 => ("WARNING", "\u{1b}[33mslow query: 2310 ms\u{1b}[0m"),
        19 => ("ERROR", "could not send the message: connection refused"),
        _ => ("INFO", "request completed"),
    };
    let time = moment(at);
    if workload.name.starts_with("worker") {
        let fields = serde_json::json!({
            "time": time, "level": level, "logger": "odoo.http", "db": db, "message": message,
        });
        return fields.to_string();
    }
    format!("{time} {level} {} {message} ({} ms)", workload.name, 3 + number % 90)
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
